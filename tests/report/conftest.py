"""A scratch workspace whose studies are invented, hostile where text allows it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from reprise.claims.evidence import Evidence, Figure, Finding, Metric, Table, above, below, between
from reprise.files import write_text
from reprise.plotting import figure
from reprise.statistics import Effect, exact, mean_effect, proportion, seeds_effect

HOSTILE = "<script>alert('x')</script> & \"quoted\" | piped `code` *star*"
SETTINGS = {"starts": 30, "rate": 0.001, "names": ["a", "<b>"]}


@pytest.fixture
def hostile() -> str:
    """Text that breaks a page which does not escape it."""
    return HOSTILE


@pytest.fixture
def invented(tmp_path: Path) -> Path:
    """A workspace with the evidence of two studies."""
    return write(tmp_path)


@pytest.fixture
def reported(invented: Path) -> Path:
    """The same with its ledger and report."""
    from reprise.claims.ledger import write_ledger
    from reprise.report.page import write_report

    write_ledger(invented)
    write_report(invented)
    return invented


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
            Finding(1, f"Gain {HOSTILE}", seeds_effect(values, "nats"), above(0), figures=("curve",), note=HOSTILE),
            Finding(1, "Parity", exact(1e-12, 10), below(1e-10), kind="oracle", oracle=HOSTILE),
            Finding(2, "Share of failures", proportion(3, 10), between(0, 0.01), variant="code", defect=5),
            Finding(2, "Seconds", mean_effect(np.array([1.0, 2.0, 3.0])), kind="context", published=HOSTILE),
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
            Finding(3, "Not a number", Effect(float("nan"), float("nan"), float("nan"), 4), above(0)),
            Finding(2, "Also about starts", exact(0.5), above(0)),
            Finding(4, "Only context", exact(2), kind="context"),
        ],
        figures=[Figure("curve", "Another curve", "the same name in another study")],
    )
    for name, study in (("mixtures", mixtures), ("thresholds", thresholds)):
        folder = root / "data" / "evidence" / name
        for each in study.figures:
            with figure(folder / "figures" / f"{each.name}.{each.kind}", 3, 2) as (_, axes):
                axes.plot([0, 1], [1, 0])
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
