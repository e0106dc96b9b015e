"""Images pixel by pixel: what claims 95-98 say, measured on trained networks."""

from __future__ import annotations

import math

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Expect, Finding, Metric, Table, primary
from reprise.runs import Probed, Run, apart, check_same_test, load_runs, used_settings
from reprise.statistics import Effect, exact, paired_effect
from reprise.studies.pixels import figures as draw
from reprise.studies.pixels.oracles import oracles
from reprise.studies.pixels.published import CIFAR, MNIST
from reprise.studies.pixels.settings import KINDS
from reprise.workspace import Workspace

NAMES = {"cnn": "PixelCNN", "row": "Row LSTM", "diagonal": "Diagonal BiLSTM"}


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures every variant and answers claims 95-98."""
    runs = load_runs(workspace)
    check_same_test(runs)
    probed = {name: Probed.of(workspace, name) for name in runs}
    nats = {name: run.arrays("test/nats")[0].astype(np.float64) for name, run in runs.items()}
    parts, side = runs["cnn"].record["examples"], runs["cnn"].settings["side"]
    source = "generated" if workspace.source == "generated" else f"real ({workspace.params.dataset('digits').official})"
    evidence = Evidence(
        data=f"{source}: {parts['train']:,} training and {parts['test']:,} test digits of {side} x {side} binary "
        "pixels, drawn once",
        settings=used_settings(runs) | {"probe": probed["cnn"].record["settings"]},
    )
    evidence.findings += [*_cost(declared, probed), *_accuracy(nats), *_masks(declared, probed), *oracles()]
    evidence.tables += [_table(runs, nats, probed, side)]
    evidence.metrics |= {f"nats.{name}": Metric.over_seeds(each.mean(axis=1), "lower") for name, each in nats.items()}
    evidence.cost = {name: {key: run.record[key] for key in ("parameters", "epochs")} for name, run in runs.items()}
    folder = workspace.evidence / "figures"
    evidence.figures += [
        draw.curves(folder, runs, NAMES),
        draw.samples(folder, probed, NAMES),
        draw.completions(folder, probed, NAMES),
    ]
    return evidence


def _cost(declared: Declarations, probed: dict[str, Probed]) -> list[Finding]:
    """Claim 95, what it costs to train."""
    chains = {name: _number(probed[name], "chain") for name in KINDS}
    found = []
    for name in ("row", "diagonal"):
        note = f"{chains[name]:,.0f} operations against {chains['cnn']:,.0f}"
        effect = exact(chains[name] / chains["cnn"])
        found.append(primary(declared[95], effect, of=NAMES[name], note=note))
    return found


def _accuracy(nats: dict[str, np.ndarray]) -> list[Finding]:
    """Claims 95 and 96, how probable test images are."""
    pairs = ((95, "row", "cnn"), (96, "diagonal", "cnn"), (96, "diagonal", "row"))
    found = []
    for claim, one, other in pairs:
        effect = _gap(nats, one, other)
        words = f"Nats of a test image after equal epochs, {NAMES[one]} minus {NAMES[other]}"
        published = ""
        if one in MNIST and other in MNIST:
            published = f"{MNIST[one] - MNIST[other]:+.2f} nats (paper, MNIST, far longer training)"
        note = f"{nats[one].mean():.2f} against {nats[other].mean():.2f}"
        found.append(Finding(claim, words, effect, published=published, note=note, figures=("nats",)))
    return found


def _gap(nats: dict[str, np.ndarray], one: str, other: str) -> Effect:
    return paired_effect(apart(nats[one], nats[other]), unit="nats")


def _masks(declared: Declarations, probed: dict[str, Probed]) -> list[Finding]:
    """Claims 97 and 98."""
    later, earlier = (float(probed["cnn"].arrays(each)[0].max()) for each in ("later", "earlier"))
    pixels = probed["cnn"].record["settings"]["pixels"]
    note = f"{pixels} pixels of each network; by earlier pixels up to {earlier:.3g}"
    found = [primary(declared[97], exact(later, pixels), note=note)]
    for name in ("row", "diagonal"):
        effect = exact(float(probed[name].arrays("later")[0].max()), pixels)
        words = f"The same of the {NAMES[name]}"
        band = Expect(0, 0, closed=True)
        found.append(Finding(96, words, effect, band, kind="oracle", oracle="the gradient, which sees every path"))
    drawn = probed["cnn"].arrays("samples")[0].mean()
    truth = probed["cnn"].arrays("truth")[0].mean()
    words = "Share of bright pixels of PixelCNN's drawn images minus that of test images"
    figures = ("samples", "completions")
    found.append(Finding(98, words, exact(drawn - truth), note="looked at in the figures", figures=figures))
    return found


def _number(probed: Probed, name: str) -> float:
    return float(probed.arrays(name)[0][0])


def _table(runs: dict[str, Run], nats: dict[str, np.ndarray], probed: dict[str, Probed], side: int) -> Table:
    rows = []
    for name, run in runs.items():
        effect = paired_effect(nats[name])
        rows.append(
            (
                NAMES.get(name, name),
                f"{effect.value:.2f} [{effect.low:.2f}, {effect.high:.2f}]",
                f"{effect.value / (math.log(2) * side**2):.3f}",
                run.seeds,
                f"{run.record['parameters']:,}",
                f"{_number(probed[name], 'chain'):,.0f}",
                f"{MNIST[name]:.2f}" if name in MNIST else "–",
                f"{CIFAR[name]:.2f}" if name in CIFAR else "–",
            )
        )
    columns = ("network", "nats an image [95 %]", "bits a pixel", "seeds", "parameters", "longest chain")
    columns = (*columns, "paper: MNIST, nats", "paper: CIFAR-10, bits")
    caption = "Equal epochs. The papers' networks are larger, trained far longer, on 28 x 28 and another binary draw."
    return Table("How probable test images are", columns, tuple(rows), caption)
