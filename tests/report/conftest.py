"""A scratch workspace whose studies are invented, hostile where text allows it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from reprise.claims.declarations import Declaration, Declarations
from reprise.claims.evidence import Evidence, Figure, Finding, Metric, Table, below, primary
from reprise.files import write_text
from reprise.plotting import figure
from reprise.statistics import Effect, exact, mean_effect, proportion, seeds_effect

HOSTILE = "<script>alert('x')</script> & \"quoted\" | piped `code` *star*"
SETTINGS = {"starts": 30, "rate": 0.001, "names": ["a", "<b>"]}


def declared(claim: int, band: str = "> 0", **more) -> Declaration:
    words = {"says": f"“It is so” {HOSTILE}", "place": HOSTILE, "because": HOSTILE, "measures": f"M{claim} {HOSTILE}"}
    return Declaration(claim=claim, band=band, **(words | more))


RANDOM = {"smallest": 0.1, "undecidable": HOSTILE, "planned": {"seeds": 3, "spread": 0.01, "taken_from": HOSTILE}}
CHANGED = [{"when": "2026-01-02", "why": HOSTILE}]
DECLARED = {
    "mixtures": {
        1: declared(1, basis="anything", because_anything=HOSTILE, **RANDOM),
        2: declared(2, "0 to 0.01", changed=CHANGED),
        5: declared(5, basis="data", **RANDOM),
    },
    "thresholds": {
        2: declared(2),
        3: declared(3),
        4: Declaration(claim=4, built={"names": HOSTILE, "oracle": HOSTILE}),
    },
}


@pytest.fixture
def hostile() -> str:
    """Text that breaks a page which does not escape it."""
    return HOSTILE


@pytest.fixture
def invented(tmp_path: Path) -> Path:
    """A workspace with the evidence of two studies."""
    return write(tmp_path)


@pytest.fixture(scope="session")
def written(tmp_path_factory) -> Path:
    """The same with its ledger and report, made once: nobody writes here."""
    from reprise.claims.ledger import write_ledger
    from reprise.report.page import write_report

    root = write(tmp_path_factory.mktemp("written"))
    write_ledger(root)
    write_report(root)
    return root


@pytest.fixture
def reported(written: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(written, tmp_path / "reported"))


@pytest.fixture
def quick(monkeypatch) -> None:
    """Previews of links are not drawn again: most of a report's time."""
    monkeypatch.setattr("reprise.report.page.draw_claim", lambda *_: None)


def write(root: Path) -> Path:
    """Writes the workspace below ``root`` and returns ``root``."""
    for name in ("mixtures", "thresholds"):
        write_text(root / "pipelines" / name / "params.yaml", "")
    values = np.array([0.1, 0.12, 0.11])
    mixtures = Evidence(
        title=f"Mixtures {HOSTILE}",
        about=f"About **mixtures**. {HOSTILE}\n\n![x](https://example.org/x.png) [bad](javascript:alert(1))\n\n# Big",
        data=f"generated: 5 points {HOSTILE}",
        findings=[
            primary(DECLARED["mixtures"][1], seeds_effect(values, "nats"), figures=("curve",), note=HOSTILE),
            Finding(1, "Parity", exact(1e-12, 10), below(1e-10), kind="oracle", oracle=HOSTILE),
            primary(DECLARED["mixtures"][2], proportion(3, 10), variant="code", defect=5),
            Finding(2, "A slip", exact(2), below(1), "slip", defect=6, note=HOSTILE),
            Finding(2, "Beside it", exact(2), below(1), "secondary"),
            Finding(2, "Seconds", mean_effect(np.array([1.0, 2.0, 3.0])), published=HOSTILE),
            primary(DECLARED["mixtures"][5], seeds_effect(values, "accuracy")),
        ],
        metrics={"gain": Metric(0.11, "higher", 0.01, 3)},
        tables=[Table(f"Scores {HOSTILE}", ("variant", "score"), ((HOSTILE, 0.5), ("b", None)), HOSTILE)],
        figures=[Figure("curve", f"Curve {HOSTILE}", HOSTILE, HOSTILE), Figure("photo", "Photo", "noise", kind="png")],
        cost={"parameters": {"net": 1_250_858}, "sizes": [1, 2]},
        settings=SETTINGS,
    )
    thresholds = Evidence(
        title="Thresholds",
        about="About Otsu.",
        data="photographs that scikit-image ships",
        findings=[
            primary(DECLARED["thresholds"][3], Effect(float("nan"), float("nan"), float("nan"), 4)),
            primary(DECLARED["thresholds"][2], exact(0.5)),
            Finding(4, "Only context", exact(2)),
        ],
        figures=[Figure("curve", "Another curve", "the same name in another study")],
    )
    for name, study in (("mixtures", mixtures), ("thresholds", thresholds)):
        folder = root / "data" / "evidence" / name
        for each in study.figures:
            with figure(folder / "figures" / f"{each.name}.{each.kind}", 3, 2) as (_, axes):
                axes.plot([0, 1], [1, 0])
        study.declared, study.inputs = Declarations(DECLARED[name]), "abc"
        study.check()
        study.write(folder, source="generated", scale="small", study=name)
    return root


@pytest.fixture
def browser():
    """Headless Chromium, or a skip that says what is missing."""
    webdriver = pytest.importorskip("selenium.webdriver")
    binary = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not (binary and driver):
        pytest.skip("needs Chromium and chromedriver on the PATH")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield started
    started.quit()
