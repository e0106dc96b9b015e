"""Paired comparisons of test accuracy, and when they may not be judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Expect, Finding, joined, primary
from reprise.runs import Run, apart, longest
from reprise.statistics import SHARES_APART, Effect, paired_effect, seeds_effect

LEARNED = 0.2  # twice chance of ten classes
LATE = 0.25  # share of the epochs, the last ones, in which
STILL = 0.1  # of what the training loss fell by before may still be learned
COLLAPSED = 0.5  # a network that reaches less than half of the others' median has collapsed


def compare(
    declared: Declaration,
    pairs: Sequence[tuple[Run, Run]],
    *,
    undecided: Mapping[str, str] | str = "",
    goes_on: bool = False,
    **more: Any,
) -> list[Finding]:
    """The primary findings of a claim on differences in test accuracy at the end, paired over seeds and images.

    Nothing is judged where training was ``unfinished``.

    Args:
        declared: the claim's declaration; its words may hold ``{}`` for the pair's names.
        pairs: one minus other; several only where the claim declares ``each``.
        undecided: why it may not be judged; may be a mapping from the first variant's name.
        goes_on: the second of a pair is meant to be trained on and on, so that its last epoch is no cut.
        more: for ``Finding``; ``note`` and ``published`` may be such mappings too.
    """
    note, published = more.pop("note", {}), more.pop("published", {})
    found = []
    for one, other in pairs:
        effect = difference(one, other, declared.level(min(one.seeds, other.seeds)), len(pairs))
        levels = f"{one.name} {one.correct.mean():.3f}, {other.name} {other.correct.mean():.3f}"
        cut = cut_off(one) if goes_on else unfinished(one, other)
        barred = joined(_of(undecided, one), unlearned(one, other), collapsed(one, other), cut)
        words = f"`{one.name}` minus `{other.name}`"
        said = {"note": joined(levels, _of(note, one)), "published": _of(published, one)}
        found.append(primary(declared, effect, of=words, undecided=barred, **said, **more))
    return found


def also(
    claim: int, pairs: Sequence[tuple[Run, Run]], expect: Expect | None = None, *, note: str = "", **more: Any
) -> list[Finding]:
    """The same beside what decides: secondary where a band is given (held at once for all pairs), else context."""
    found, published = [], more.pop("published", {})
    for one, other in pairs:
        effect = difference(one, other, together=len(pairs) if expect else 1)
        levels = f"{one.name} {one.correct.mean():.3f}, {other.name} {other.correct.mean():.3f}"
        found.append(
            Finding(
                claim,
                f"Test accuracy, `{one.name}` minus `{other.name}`",
                effect,
                expect or Expect(),
                kind="secondary" if expect else "context",
                published=_of(published, one),
                note=joined(levels, note),
                undecided=joined(unlearned(one, other), collapsed(one, other)) if expect else "",
                **more,
            )
        )
    return found


def _of(said: Mapping[str, str] | str, run: Run) -> str:
    return said if isinstance(said, str) else said.get(run.name, "")


def difference(one: Run, other: Run, level: float = 0.05, together: int = 1) -> Effect:
    """Mean difference in test accuracy, with the interval over seeds and images."""
    return paired_effect(apart(one.correct, other.correct), unit="accuracy", level=level, together=together)


def sooner(one: Run, other: Run, level: float = 0.05, together: int = 1) -> Effect:
    """Mean difference in validation accuracy over the epochs of the longer training: who converges faster.

    All seeds are validated on the same images. What that adds to the interval is taken from the test images, of which
    each answer is kept: as much more as there are fewer of the former.
    """
    epochs, parts = longest([one, other]), one.record["examples"]
    error = difference(one, other).examples_error * np.sqrt(parts["test"] / parts["validation"])
    faster = apart(one.speed(epochs), other.speed(epochs))
    return seeds_effect(faster, "accuracy", SHARES_APART, examples_error=error, level=level, together=together)


def unlearned(*runs: Run, least: float = LEARNED) -> str:
    """Why a comparison of these networks may not be judged; empty where all have learned their task.

    Below twice chance a comparison of networks says nothing about what is compared. Where it is known what the task
    allows, ``least`` asks for more: what a linear map of the pixels reaches, say.
    """
    idle = [run.name for run in runs if float(np.median(run.correct.mean(axis=1))) < least]
    return f"{', '.join(dict.fromkeys(idle))} below {least:g} test accuracy" if idle else ""


def collapsed(*runs: Run) -> str:
    """Which networks came to nothing while their fellows learned: with such, Student's interval covers too rarely."""
    words = []
    for run in dict.fromkeys(runs):
        accuracy = run.correct.mean(axis=1)
        gone = int((accuracy < COLLAPSED * np.median(accuracy)).sum())
        if gone:
            words.append(f"{gone} of {len(accuracy)} networks of {run.name} collapsed")
    return joined(*words)


def cut_off(*runs: Run) -> str:
    """Why what training ends with may not be judged; empty where it ended for every network.

    It ends where the learning rate has fallen to zero or through all the drops of its recipe, or where it stops early
    by itself.
    """
    steady = [run for run in runs if run.settings["decay"] != "linear" and not run.settings.get("drops")]
    cut = [run for run in steady if max(run.record["epochs"]) >= run.settings["epochs"]]
    return f"training was cut off after {cut[0].settings['epochs']} epochs" if cut else ""


def unfinished(*runs: Run) -> str:
    """Why accuracies at the end may not be compared: training was cut off, or its rate ran out before the learning.

    What learns more slowly, and is as good in the end, must not count as worse.
    """
    out = [
        run
        for run in runs
        if (run.settings["decay"] == "linear" or run.settings.get("drops"))
        and max(run.record["epochs"]) >= run.settings["epochs"]
    ]
    return joined(cut_off(*runs), *dict.fromkeys(still_falling(run) for run in out))


def still_falling(run: Run) -> str:
    """Why what a network knows of its training images is not all that it would learn; empty where it is, nearly.

    A rate that falls to zero ends a training, not what there was to learn: the loss on the training images must have
    stopped falling too.
    """
    ratio = float(np.median([late_fall(rows["train_loss"]) for rows in run.history]))
    words = f"in the last quarter of its epochs the training loss of {run.name} falls by {ratio:.0%} of its fall before"
    return words if ratio > STILL else ""


def late_fall(losses: np.ndarray) -> float:
    """A loss's fall in the last epochs, relative to that before; infinite where there was none before."""
    turn = len(losses) - 1 - max(round(LATE * len(losses)), 1)
    before, after = losses[0] - losses[max(turn, 0)], losses[max(turn, 0)] - losses[-1]
    return float(after / before) if before > 0 else float("inf")
