"""Claims 31-34: are networks surer than they are right, and what makes them so?"""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, above, between, joined, primary
from reprise.metrics.calibration import expected_calibration_error, maximum_calibration_error
from reprise.runs import apart, same_seeds
from reprise.statistics import exact, paired_effect
from reprise.studies.confidence.comparisons import above_chance, barred_at_the_end, compared, fewest
from reprise.studies.confidence.logits import binned_by_hand, example_nll, right, softmax_of
from reprise.studies.confidence.published import published
from reprise.studies.confidence.scores import LEAST_NLL, Scores
from reprise.studies.confidence.variants import COMPANION, CONTRASTS, STATED, modern

MEASURES = {"expected": expected_calibration_error, "maximum": maximum_calibration_error}
EXAMPLES = ((0.9, 5), (0.7, 7))  # the source's own: how sure, and how many of ten are right


def calibration_findings(declared: Declaration, every: dict[str, Scores]) -> list[Finding]:
    """Claim 31."""
    gaps = {name: s.overconfidence for name, s in every.items()}
    group, why = modern(every), barred_at_the_end(modern(every))
    recent = np.mean(same_seeds(*(gaps[name] for name, s in every.items() if s in group)), axis=0)
    return [
        primary(
            declared,
            above_chance(group, declared.level(fewest(group))),
            undecided=why,
            published=published("uncalibrated"),
            note="ECE in %: " + ", ".join(f"{name} {100 * s.ece.mean():.1f}" for name, s in every.items()),
            figures=("reliability",),
        ),
        Finding(
            31,
            "Mean confidence minus accuracy, residual networks with batch norm",
            paired_effect(recent, unit="share"),
            above(0),
            kind="secondary",
            note=", ".join(f"{name} {gap.mean():+.3f}" for name, gap in gaps.items()),
            undecided=why,
            figures=("reliability",),
        ),
    ]


def measure_findings(every: dict[str, Scores]) -> list[Finding]:
    """Claim 32: the measures against their definition on all networks, and on the source's own examples."""
    bad, good = ([each(*_ten(sure, hits)) for each in MEASURES.values()] for sure, hits in EXAMPLES)
    errors = "expected {:.3g} and maximum {:.3g}"
    rows = [(softmax_of(logits), s.labels) for s in every.values() for logits in s.logits]
    by_hand = [binned_by_hand(*row) for row in rows]
    findings = []
    for place, (name, measure) in enumerate(MEASURES.items()):
        found = [abs(measure(*row) - hand[place]) for row, hand in zip(rows, by_hand, strict=True)]
        findings.append(
            Finding(
                32,
                f"Largest difference of our {name} calibration error from the definition, bin by bin",
                exact(max(found), len(found), "probability"),
                between(0, 1e-6),
                kind="oracle",
                oracle="a loop over the fifteen bins",
                note="all networks and seeds; parity with torchmetrics and netcal is in the tests",
            )
        )
    example = Finding(
        32,
        "Least of expected and maximum error of the source's miscalibrated example (0.9 sure, half right), minus the "
        "largest of its calibrated one (0.7 sure, 70 % right)",
        exact(min(bad) - max(good), len(EXAMPLES), "probability"),
        note=f"{errors.format(*bad)} against {errors.format(*good)}",
    )
    return [*findings, example]


def _ten(sure: float, hits: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and labels of ten predictions that are equally sure."""
    return np.tile([1 - sure, sure], (10, 1)), (np.arange(10) < hits).astype(int)


def capacity_findings(declared: Declaration, every: dict[str, Scores]) -> list[Finding]:
    """Claim 33."""
    findings = []
    for what, (more, less) in CONTRASTS.items():
        both = every[more], every[less]
        sides = ([(s, "uncalibrated")] for s in both)
        words = f"{more} minus {less} ({what})"
        errors = f"error {both[0].error.mean():.3f} against {both[1].error.mean():.3f}"
        said = {
            "undecided": barred_at_the_end(both),
            "published": "Guo et al., figure 2: ECE grows with depth, width and batch norm, shrinks with weight decay",
            "note": joined(errors, *(_unsure(name, every[name]) for name in (more, less))),
            "figures": ("capacity",),
        }
        if what in STATED:
            effect = compared(*sides, level=declared.level(fewest(both)), together=len(STATED))
            findings.append(primary(declared, effect, of=words, **said))
        else:
            findings.append(Finding(33, f"ECE, {words}", compared(*sides), above(0), kind="secondary", **said))
        findings.append(
            Finding(
                33,
                f"Mean confidence minus accuracy, {words}",
                paired_effect(apart(*(s.overconfidence for s in both)), unit="share"),
                note="signed: ECE also grows where a network becomes too unsure, as with much weight decay",
            )
        )
    return [*findings, _companion(every)]


def _companion(every: dict[str, Scores]) -> Finding:
    """Less decay once more, of a pair that does not end with one network too unsure."""
    both = [every[name] for name in COMPANION]
    gaps = ", ".join(f"{name} {s.overconfidence.mean():+.3f}" for name, s in zip(COMPANION, both, strict=True))
    return Finding(
        33,
        "ECE, {} minus {} (less decay, from the base's)".format(*COMPANION),
        compared(*([(s, "uncalibrated")] for s in both)),
        note=f"mean confidence minus accuracy: {gaps}",
        figures=("capacity",),
    )


def _unsure(name: str, scores: Scores) -> str:
    """A remark on a network whose ECE is not that of too much confidence."""
    gap = scores.overconfidence.mean()
    if gap >= 0:
        return ""
    return f"{name} is underconfident ({gap:+.3f}): what its ECE grows by is too little confidence, not too much"


def overfitting_findings(declared: Declaration, every: dict[str, Scores]) -> list[Finding]:
    """Claim 34: judged only where the loss is overfitted, for the claim is on what predictions do meanwhile."""
    group = modern(every)
    losses = [example_nll(s.logits, s.labels) - example_nll(s.best, s.labels) for s in group]
    wrongs = [right(s.best, s.labels) - right(s.logits, s.labels) for s in group]
    nll, wrong = (np.mean(same_seeds(*each), axis=0) for each in (losses, wrongs))
    level = declared.level(len(nll))
    risen = paired_effect(nll, unit="nats", level=level)
    fits = "" if above(0).judge(risen) == "reproduced" else "the test loss did not rise: nothing is overfitted"
    ece = compared([(s, "uncalibrated") for s in group], [(s, LEAST_NLL) for s in group], together=2)
    why, more = barred_at_the_end(group), {"figures": ("epochs",)}
    return [
        primary(
            declared,
            paired_effect(wrong, unit="share", level=level),
            undecided=joined(why, fits),
            note="test images, the epoch of least loss found on validation images; the loss rises by "
            f"{risen.value:+.4f} nats [{risen.low:.4f}, {risen.high:.4f}]",
            **more,
        ),
        Finding(
            34,
            "Test NLL, last epoch minus the epoch of least validation NLL",
            paired_effect(nll, unit="nats", together=2),
            above(0),
            kind="secondary",
            undecided=why,
            **more,
        ),
        Finding(
            34,
            "ECE, last epoch minus the epoch of least validation NLL",
            ece,
            above(0),
            kind="secondary",
            undecided=why,
            published="“at the expense of well-modeled probabilities” (S1, after Guo et al.)",
        ),
    ]
