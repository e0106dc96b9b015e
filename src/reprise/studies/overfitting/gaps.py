"""Claim 153: how much better networks are on the images that they were trained on, with and without transformations."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, Table, joined, primary
from reprise.comparing.findings import also, cut_off, difference, still_falling, unlearned
from reprise.runs import Probed, Run, apart, same_seeds
from reprise.statistics import SHARES_APART, Effect, paired_effect, seeds_effect
from reprise.workspace import Workspace

OVERFITS = 0.05  # a smaller gap is nothing to prevent
PAIRS = (("cifar_augmented", "cifar"), ("digits_augmented", "digits"))  # the first decides

Known = Mapping[str, np.ndarray]


def load_known(workspace: Workspace, runs: Mapping[str, Run]) -> dict[str, np.ndarray]:
    """By variant: (seeds, n) 1 where a network says of a training image what its training label says."""
    return {name: Probed.of(workspace, name).arrays("train/right")[0].astype(float) for name in runs}


def gap(run: Run, known: Known) -> np.ndarray:
    """(seeds,) accuracy on the training images, untransformed, minus accuracy on test images."""
    trained, tested = same_seeds(known[run.name].mean(axis=1), run.correct.mean(axis=1))
    return trained - tested


def gap_apart(one: Run, other: Run, known: Known, level: float = 0.05) -> Effect:
    """One gap minus the other's, over seeds; which images were trained on and tested adds to the interval."""
    trained = paired_effect(apart(known[one.name], known[other.name]))
    error = float(np.hypot(trained.examples_error, difference(one, other).examples_error))
    values = apart(gap(one, known), gap(other, known))
    return seeds_effect(values, "accuracy", SHARES_APART, examples_error=error, level=level)


def findings(declared: Declaration, runs: Mapping[str, Run], known: Known) -> list[Finding]:
    """The gap on CIFAR-10 decides; digits, at a rate that stays, and test accuracy stand beside it."""
    found = []
    for one, other in ((runs[first], runs[second]) for first, second in PAIRS):
        decides = not found
        effect = gap_apart(one, other, known, declared.level(min(one.seeds, other.seeds)) if decides else 0.05)
        note = f"gaps: {', '.join(f'{run.name} {gap(run, known).mean():.3f}' for run in (one, other))}"
        more = {"note": note, "figures": ("gaps",)}
        if decides:
            barred = joined(unlearned(one, other), _idle(other, known), cut_off(one, other), still_falling(one))
            found.append(primary(declared, effect, undecided=barred, **more))
        else:
            words = f"Gap between training and test accuracy, `{one.name}` minus `{other.name}`"
            found.append(Finding(153, words, effect, **more))
    return [*found, *also(153, [(runs[one], runs[other]) for one, other in PAIRS], figures=("gaps",))]


def _idle(run: Run, known: Known) -> str:
    overfits = float(np.median(gap(run, known)))
    return f"{run.name} does not overfit (a gap of {overfits:.3f})" if overfits < OVERFITS else ""


def table(runs: Mapping[str, Run], known: Known) -> Table:
    """Training accuracy, test accuracy and gap of every variant."""
    rows = tuple(
        (
            name,
            run.record["examples"]["train"],
            f"{run.settings['wrong']:.0%}",
            f"{known[name].mean():.3f}",
            f"{run.correct.mean():.3f}",
            f"{gap(run, known).mean():.3f}",
            f"{np.mean(run.record['epochs']):.1f}",
            run.seeds,
        )
        for name, run in runs.items()
    )
    columns = ("variant", "training images", "wrong labels", "training accuracy", "test accuracy", "gap", "epochs")
    caption = "Means over seeds. Training accuracy: on the training images untransformed, by the labels given."
    return Table("Gaps", (*columns, "seeds"), rows, caption)
