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
COLLAPSED = 0.5  # a network that reaches less than half of the others' median has collapsed


def compare(
    declared: Declaration, pairs: Sequence[tuple[Run, Run]], *, undecided: str = "", goes_on: bool = False, **more: Any
) -> list[Finding]:
    """The primary findings of a claim on differences in test accuracy at the end, paired over seeds and images.

    Args:
        declared: the claim's declaration; its words may hold ``{}`` for the pair's names.
        pairs: one minus other; several only where the claim declares ``each``.
        undecided: why it may not be judged.
        goes_on: the second of a pair is meant to be trained on and on, so that its last epoch is no cut.
        more: for ``Finding``; ``published`` may be a mapping from the first variant's name.
    """
    note, published = more.pop("note", ""), more.pop("published", {})
    found = []
    for one, other in pairs:
        effect = difference(one, other, declared.level(min(one.seeds, other.seeds)), len(pairs))
        levels = f"{one.name} {one.correct.mean():.3f}, {other.name} {other.correct.mean():.3f}"
        cut = cut_off(one) if goes_on else cut_off(one, other)
        barred = joined(undecided, unlearned(one, other), collapsed(one, other), cut)
        words = f"`{one.name}` minus `{other.name}`"
        said = {"note": joined(levels, note), "published": _of(published, one)}
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


def _of(published: Mapping[str, str] | str, run: Run) -> str:
    return published if isinstance(published, str) else published.get(run.name, "")


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

    It ends where the learning rate has fallen to zero, or where it stops early by itself.
    """
    steady = [run for run in runs if run.settings["decay"] != "linear"]
    cut = [run for run in steady if max(run.record["epochs"]) >= run.settings["epochs"]]
    return f"training was cut off after {cut[0].settings['epochs']} epochs" if cut else ""
