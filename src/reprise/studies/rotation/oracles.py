"""What claims 70 and 71 are checked against: how far networks came, and responses that are kept side by side."""

from __future__ import annotations

import csv

import numpy as np
from scipy.signal import correlate2d
from sklearn.metrics import top_k_accuracy_score

from reprise.claims.evidence import Finding, between
from reprise.comparing.findings import difference
from reprise.runs import Run
from reprise.statistics import exact
from reprise.studies.rotation.accuracy import loss_gap

QUARTERS = 4  # rotations, as the networks of claim 71 have
MAPS, FILTERS, SIDE = 3, 5, 7
MERGES = ("concat", "squeeze")


def oracles(runs: dict[str, Run], layers: dict[str, int]) -> list[Finding]:
    """Of the networks of claim 70, and of a random layer of each kind of claim 71."""
    gaps = shown_gaps(runs, layers)
    merged = [gap for merge in MERGES for gap in merge_gaps(merge)]
    return [
        Finding(
            70,
            "Differences in test accuracy and in training loss from `baseline`, largest difference from those that are "
            "read and counted anew",
            exact(max(gaps), len(gaps)),
            between(0, 1e-10),
            kind="oracle",
            oracle="sklearn.metrics.top_k_accuracy_score, k = 1, of each seed; its last line in history.csv",
        ),
        Finding(
            71,
            "Responses kept side by side, and squeezed, largest difference from filters that are turned one by one",
            exact(max(merged), len(merged)),
            between(0, 1e-10),
            kind="oracle",
            oracle="scipy.signal.correlate2d with numpy.rot90 of each filter; sums over rectified responses",
        ),
    ]


def shown_gaps(runs: dict[str, Run], layers: dict[str, int]) -> list[float]:
    """Of every network with rotated filters, what is shown minus what is counted anew."""
    baseline = runs["baseline"]
    found = []
    for name in layers:
        seeds = min(runs[name].seeds, baseline.seeds)
        one, other = ([_accuracy(run, seed) for seed in range(seeds)] for run in (runs[name], baseline))
        found.append(abs(difference(runs[name], baseline).value - (sum(one) - sum(other)) / seeds))
    for name in layers:
        one, other = _last_losses(runs[name]), _last_losses(baseline)
        shown = loss_gap(runs[name], baseline).tolist()
        found += [abs(gap - (a - b)) for gap, a, b in zip(shown, one, other, strict=True)]
    return found


def _accuracy(run: Run, seed: int) -> float:
    logits = run.arrays("test/logits")[0][seed].astype(np.float64)
    return float(top_k_accuracy_score(run.arrays("test/label")[0][seed], logits, k=1, labels=range(logits.shape[1])))


def _last_losses(run: Run) -> list[float]:
    """A seed each, those that are seen."""
    last: dict[int, float] = {}
    for folder in run.folders:
        with (folder / "history.csv").open(newline="") as stream:
            for row in csv.DictReader(stream):
                last[int(row["seed"])] = float(row["train_loss"])
    return [last[seed] for seed in sorted(last)][: run.seeds]


def merge_gaps(merge: str) -> list[float]:
    """(answers,) of a random layer, with zeros around its pictures and without, minus those of loops."""
    import torch

    from reprise.layers.rotated import RotatedConv2d

    rng = np.random.default_rng(71)
    image = rng.normal(size=(MAPS, SIDE, SIDE))
    found: list[float] = []
    for padding in (0, 1):
        layer = RotatedConv2d(MAPS, FILTERS, QUARTERS, merge, padding).double()
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter.copy_(torch.from_numpy(rng.normal(size=tuple(parameter.shape))))
            answer = layer(torch.from_numpy(image)[None])[0].numpy()
            weight, bias = layer.weight.numpy(), layer.bias.tolist()
            mixed = layer.squeeze.weight[:, :, 0, 0].tolist() if merge == "squeeze" else None
        wanted = _side_by_side(np.pad(image, ((0, 0), (padding, padding), (padding, padding))), weight, bias)
        if mixed is not None:
            rectified = [np.where(each > 0, each, 0.0) for each in wanted]
            wanted = [sum(share * each for share, each in zip(row, rectified, strict=True)) for row in mixed]
        if answer.shape != np.shape(wanted):
            return [float("inf")]
        found += np.abs(answer - wanted).ravel().tolist()
    return found


def _side_by_side(image: np.ndarray, weight: np.ndarray, bias: list[float]) -> list[np.ndarray]:
    """Every rotation of every filter: a quarter turn clockwise after the other, all filters in each."""
    return [
        sum(correlate2d(image[m], np.rot90(weight[f, m], -turn), mode="valid") for m in range(MAPS)) + bias[f]
        for turn in range(QUARTERS)
        for f in range(FILTERS)
    ]
