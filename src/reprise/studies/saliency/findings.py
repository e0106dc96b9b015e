"""Claims 131 and 132: do the pixels that gradient and inversion mark matter to the classification?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from reprise.claims.declarations import Declaration, Declarations
from reprise.claims.evidence import Expect, Finding, Table, above, below, joined, primary
from reprise.comparing.findings import unlearned
from reprise.runs import Run
from reprise.statistics import CORRELATION, NOT_NEGATIVE, SHARE, SHARES_APART, Effect, paired_effect, seeds_effect
from reprise.studies.saliency.asked import Asked, area
from reprise.studies.saliency.orders import CONTROLS, JUDGED

OTHERS = ("integrated", "smooth", "occlusion")
BESIDE = (  # claim, one order, and those that it is also held against
    (131, "gradient", ("edges", "untrained", "inversion")),
    (131, "weighted", ("edges",)),
    (132, "inversion", ("edges", "picture")),
)
LINEAR = {"digits": 0.88, "cifar": 0.4}  # test accuracy that a linear map of the pixels reaches, about
MNIST = 0.985  # test accuracy that the general pattern reaches there, as the catalogue has it
MET = 0.1  # of the square of the features that are looked for: a larger distance from them is no inversion
WORDS = {
    "gradient": "gradient",
    "weighted": "gradient times difference from the fill",
    "integrated": "integrated gradients",
    "smooth": "SmoothGrad",
    "occlusion": "occlusion",
    "inversion": "inversion of the last hidden layer",
    "edges": "the picture's own edges",
    "picture": "difference from the fill",
    "smooth_picture": "difference from the fill, as smooth",
    "untrained": "gradient of an untrained network",
    "untrained_weighted": "gradient times difference, untrained network",
    "chance": "chance",
}


def saliency_findings(declared: Declarations, runs: Mapping[str, Run], asked: Mapping[str, Asked]) -> list[Finding]:
    """All of both claims."""
    found = [each for claim, kind in JUDGED.items() for each in _primaries(declared[claim], runs, asked, kind)]
    for name, each in asked.items():
        why = _unlearned(runs[name], each)
        for claim, kinds in ((131, ("gradient", *OTHERS)), (132, ("inversion",))):
            for kind in kinds:
                words = f"Area under the deletion curve, `{name}`: {WORDS[kind]} first, minus an order by chance"
                barred = joined(why, _unmet(each) if kind == "inversion" else "")
                found.append(_held(claim, words, each.gap(kind), below(0), barred, len(kinds) * len(asked)))
        words = f"Area under the deletion curve, `{name}`: {WORDS['gradient']} first, minus {WORDS['picture']} first"
        found.append(_held(131, words, each.gap("gradient", "picture"), below(0), why, len(asked)))
        for claim, kind in JUDGED.items():
            barred = joined(why, _unmet(each) if kind == "inversion" else "")
            for control in CONTROLS[kind]:
                words = f"Area under the insertion curve, `{name}`: {WORDS[kind]} first, minus {WORDS[control]} first"
                together = len(asked) * len(CONTROLS[kind])
                found.append(_held(claim, words, each.gap(kind, control, "insertion"), above(0), barred, together))
        for claim, kind, others in BESIDE:
            for other in others:
                words = f"Area under the deletion curve, `{name}`: {WORDS[kind]} first, minus {WORDS[other]} first"
                found.append(Finding(claim, words, _effect(each.gap(kind, other)), figures=("curves",)))
        words = f"Squared distance of the features that the inversion came to, `{name}`, median"
        note = "relative to the square of the features that it looks for; 1: nothing was met"
        found.append(
            Finding(
                132, words, seeds_effect(np.median(each.get("inversion"), axis=1), "ratio", NOT_NEGATIVE), note=note
            )
        )
        words = f"Width of the Gaussian that makes the difference as smooth as the inversion, `{name}`, median"
        found.append(Finding(132, words, seeds_effect(np.median(each.get("widths"), axis=1), "pixels", NOT_NEGATIVE)))
        words = f"Area under the insertion curve, `{name}`: gradient first, minus an order by chance"
        found.append(Finding(131, words, _effect(each.gap("gradient", kind="insertion"))))
        words = f"Rank correlation of the gradient's map with an untrained network's, `{name}`"
        note = "a map that keeps its order without training shows the picture, not the network (Adebayo et al., 2018)"
        found.append(
            Finding(
                131, words, paired_effect(each.get("untrained"), unit="correlation", possible=CORRELATION), note=note
            )
        )
        found += _depth(name, each, why, len(asked))
    return found


def pattern_finding(run: Run, official: str) -> Finding:
    """Claim 114, which is built: what the digit network, which is of the general pattern, reaches on test digits.

    Args:
        run: of the digit network.
        official: the official set that it was trained on; empty where digits were generated.
    """
    words = "Test accuracy of conv, ReLU, conv, ReLU, pool, dense, ReLU, dense, softmax"
    effect = paired_effect(run.correct, unit="accuracy", possible=SHARE)
    if official != "mnist":
        note = f"{official or 'generated'} digits: what the catalogue expects, {MNIST}, is of MNIST"
        return Finding(114, words, effect, note=note)
    expect = Expect(low=MNIST, closed=True)
    return Finding(114, f"{words}, on MNIST", effect, expect, "oracle", oracle="the labels of the test images")


def _primaries(declared: Declaration, runs: Mapping[str, Run], asked: Mapping[str, Asked], kind: str) -> list[Finding]:
    """Against each order that asks no trained network, in both sorts of networks."""
    found = []
    for name, each in asked.items():
        why = joined(_unlearned(runs[name], each), _unmet(each) if kind == "inversion" else "")
        for control in CONTROLS[kind]:
            gap = each.gap(kind, control)
            level, together = declared.level(len(gap)), len(asked) * len(CONTROLS[kind])
            effect = paired_effect(gap, unit="probability", possible=SHARES_APART, level=level, together=together)
            areas = [area(each.deletion[order]).mean() for order in (kind, control, "chance")]
            begins, right = each.deletion[kind][..., 0].mean(), runs[name].correct.mean()
            note = (
                f"{areas[0]:.3f} against {areas[1]:.3f}; by chance {areas[2]:.3f}; the whole picture's class begins at "
                f"{begins:.2f}, and {right:.3f} of test images are told right"
            )
            more = {"undecided": why, "note": note, "figures": ("curves", f"maps_{name}")}
            found.append(primary(declared, effect, of=f"`{name}`, {WORDS[control]}", **more))
    return found


def _unlearned(run: Run, asked: Asked) -> str:
    return unlearned(run, least=LINEAR[asked.data])


def _unmet(asked: Asked) -> str:
    """Why an inversion says nothing: its features are not those that it looks for."""
    distance = float(np.median(asked.get("inversion")))
    steps = asked.settings["inversion_steps"]
    words = f"after {steps} steps the inversion's features are {distance:.2g} of their square away from the picture's"
    return words if distance > MET else ""


def _effect(gap: np.ndarray, together: int = 1) -> Effect:
    return paired_effect(gap, unit="probability", possible=SHARES_APART, together=together)


def _held(claim: int, words: str, gap: np.ndarray, expect: Expect, why: str, together: int) -> Finding:
    return Finding(claim, words, _effect(gap, together), expect, "secondary", undecided=why, figures=("curves",))


def _depth(name: str, each: Asked, why: str, together: int) -> list[Finding]:
    """What is left of a picture from layer to layer."""
    plain, smooth = each.get("psnr/plain"), each.get("psnr/smooth")
    first, last = each.layers[0], each.layers[-1]
    figures = (f"inversions_{name}",)
    words = f"Likeness of the picture inverted from `{first}`, minus from `{last}`, `{name}`"
    effect = paired_effect(plain[:, 0] - plain[:, -1], unit="dB", together=together)
    note = "falls with depth: our expectation, the source says nothing of it"
    found = [Finding(132, words, effect, above(0), "secondary", note=note, undecided=why, figures=figures)]
    gain = (smooth - plain).mean(axis=(1, 2))
    words = f"Likeness with total variation minus without, all layers of `{name}`"
    found.append(Finding(132, words, seeds_effect(gain, "dB"), figures=figures))
    words = f"Share of inversions from `{last}` that the network gives the picture's class, `{name}`"
    return [*found, Finding(132, words, paired_effect(each.get("agrees/plain")[:, -1], unit="share", possible=SHARE))]


def curve_table(asked: Sequence[Asked]) -> Table:
    """A row a map: areas under both curves."""
    rows = []
    for each in asked:
        for name in each.deletion:
            out, back = area(each.deletion[name]), area(each.insertion[name])
            rows.append((each.variant, WORDS[name], f"{out.mean():.3f}", f"{back.mean():.3f}"))
    caption = "Mean probability of the named class over all steps; deletion: lower is sooner, insertion: higher is."
    return Table(
        "Deletion and insertion", ("variant", "order of pixels", "deletion", "insertion"), tuple(rows), caption
    )


def depth_table(asked: Sequence[Asked]) -> Table:
    """A row a layer: likeness and class of inversions."""
    rows = []
    for each in asked:
        arrays = [each.get(name) for name in ("psnr/plain", "psnr/smooth", "agrees/plain", "agrees/smooth")]
        for place, layer in enumerate(each.layers):
            values = [array[:, place].mean() for array in arrays]
            rows.append((each.variant, layer, *(f"{v:.1f}" for v in values[:2]), *(f"{v:.2f}" for v in values[2:])))
    columns = ("variant", "layer", "dB", "dB, smooth", "same class", "same class, smooth")
    caption = f"{each.settings['inverted']} test images; smooth: with total variation."
    return Table("What a layer keeps", columns, tuple(rows), caption)
