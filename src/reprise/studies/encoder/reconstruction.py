"""Claim 45: what is left of images behind a small code, against as many principal components."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, Table, below, joined, primary
from reprise.comparing.findings import cut_off, still_falling
from reprise.data import cifar
from reprise.runs import Run
from reprise.statistics import Effect, paired_effect
from reprise.studies.encoder.settings import SIZES
from reprise.workspace import Workspace

DECIDE = {"code_8": "digits decoded from 8 numbers", "cifar_32": "images of CIFAR-10 decoded from 32"}
NAMES = (*(f"code_{size}" for size in SIZES), "cifar_32")


@dataclass(frozen=True)
class Linear:
    """What as many principal components of the same training images leave.

    Attributes:
        error: (n,) mean squared error of each test image's pixels.
        variance: mean over test images of what the mean training image leaves.
    """

    error: np.ndarray
    variance: float


def linear(workspace: Workspace, run: Run) -> Linear:
    """Principal components of the training images that the run's networks had, as many as its codes have numbers."""
    images = cifar.load(workspace.prepared(run.settings["images"]))
    train = cifar.parts(images, cifar.SPLIT_SEED)[0].images[: run.settings["examples"]]
    return components(_flat(train), _flat(images.test_images), run.settings["code"])


def components(train: np.ndarray, test: np.ndarray, count: int) -> Linear:
    """(n, p) and (m, p) -> what ``count`` components of the first leave of the second."""
    mean = train.mean(axis=0)
    centred, asked = train - mean, test - mean
    _, vectors = np.linalg.eigh(centred.T @ centred)
    largest = vectors[:, ::-1][:, :count]
    left = asked - asked @ largest @ largest.T
    return Linear((left**2).mean(axis=1), float((asked**2).mean()))


def _flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32) / 255


def error(run: Run) -> np.ndarray:
    """(seeds, n) mean squared error of each test image."""
    return run.arrays("test/error")[0].astype(float)


def findings(declared: Declaration, runs: Mapping[str, Run], found: Mapping[str, Linear]) -> list[Finding]:
    """A hundredth of an image's numbers decides, of either set; beside it other sizes, and whether more leave less."""
    result = []
    for name in (*DECIDE, *(each for each in NAMES if each not in DECIDE)):
        run, pca = runs[name], found[name]
        decides = name in DECIDE
        level = declared.level(run.seeds) if decides else 0.05
        effect = _share(error(run) - pca.error, pca, level, len(DECIDE) if decides else len(NAMES) - len(DECIDE))
        note = f"leaves {error(run).mean() / pca.variance:.3f}, components {pca.error.mean() / pca.variance:.3f}"
        more = {"note": note, "undecided": _idle(run, pca), "figures": ("reconstruction",)}
        words = f"Mean squared error minus that of principal components, share of the variance, `{name}`"
        if decides:
            result.append(primary(declared, effect, of=DECIDE[name], **more))
        else:
            result.append(Finding(45, words, effect, below(0), "secondary", **more))
    steps = list(zip(SIZES[1:], SIZES, strict=False))
    for size, smaller in steps:
        gap = error(runs[f"code_{size}"]) - error(runs[f"code_{smaller}"])
        effect = _share(gap, found[f"code_{size}"], together=len(steps))
        words = f"Mean squared error, {size} numbers minus {smaller}, share of the variance"
        result.append(Finding(45, words, effect, below(0), "secondary", figures=("reconstruction",)))
    return result


def _share(errors: np.ndarray, pca: Linear, level: float = 0.05, together: int = 1) -> Effect:
    return paired_effect(errors / pca.variance, unit="share of variance", level=level, together=together)


def _idle(run: Run, pca: Linear) -> str:
    """Why an encoder may not be judged: nothing was learned, or its training had not ended."""
    left = float(np.median(error(run).mean(axis=1))) / pca.variance
    nothing = f"{run.name} leaves {left:.2f} of the variance: it has learned nothing" if left >= 1 else ""
    return joined(nothing, cut_off(run), still_falling(run))


def table(runs: Mapping[str, Run], found: Mapping[str, Linear], told: Mapping[str, np.ndarray]) -> Table:
    """Every encoder: what it leaves, what components leave, and how many classes a linear classifier tells."""
    rows = tuple(
        (
            name,
            run.settings["code"],
            f"{run.settings['label_weight']:g}",
            f"{error(run).mean():.4f}",
            f"{error(run).mean() / found[name].variance:.3f}",
            f"{found[name].error.mean() / found[name].variance:.3f}",
            f"{told[name].mean():.3f}",
        )
        for name, run in runs.items()
        if not run.settings["classifies"]
    )
    columns = ("variant", "numbers", "weight of labels", "mean squared error", "share left", "components leave")
    caption = "Test images, means over seeds; told: accuracy of a linear classifier on the codes."
    return Table("Codes", (*columns, "classes told"), rows, caption)
