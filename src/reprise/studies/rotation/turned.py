"""Claims 66-69 and a half of 71: what trained networks make of turned test images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reprise.claims.evidence import Expect, Finding, Table, above, at_once, below, joined
from reprise.comparing.findings import unlearned
from reprise.data import cifar
from reprise.runs import Probed, Run
from reprise.statistics import CORRELATION, SHARE, SHARES_APART, Effect, paired_effect, seeds_effect
from reprise.studies.rotation.settings import TRANSPLANTS
from reprise.workspace import Workspace

CHANCE = 0.1  # ten classes
UPRIGHT = 30  # degrees either way: every network is best there
FIGURE_9 = {
    "baseline": 48.33, "8_rot_1": 62.50, "4_rot_1": 69.17, "4_rot_4": 70.28, "4_rot_3": 73.89, "8_rot_3": 77.50,
    "4_rot_2": 78.06, "8_rot_4": 80.28, "8_rot_2": 92.50,
}  # fmt: skip
FIGURE_10 = {
    "8_rot_2": 27.5, "4_rot_2": 29, "baseline": 30, "8_rot_3": 30, "4_rot_1": 30.5, "4_rot_3": 30, "8_rot_1": 31,
    "4_rot_4": 35, "8_rot_4": 36,
}  # fmt: skip
FIGURE_11 = {
    "8_rot_4": 0.00, "4_rot_4": 0.00, "8_rot_3": 13.06, "4_rot_3": 22.78, "8_rot_2": 25.56, "4_rot_2": 36.11,
    "4_rot_1": 58.06, "8_rot_1": 60.83,
}  # fmt: skip


@dataclass(frozen=True)
class Probe:
    """Turned test images as the networks see them; the source's own image is the first.

    Attributes:
        angles: (angles,) degrees.
        images: (images, angles, 32, 32, 3) is not kept: ``index`` (images,) says which test images they are.
        right: variant -> (seeds, images, angles) 1 where the class is right.
        single: variant -> (seeds, angles) probability of the right class of the first image.
        transplanted: rotated network -> the same as ``right``, with the baseline's weights.
        settings: what the networks were asked with.
    """

    angles: np.ndarray
    index: np.ndarray
    right: dict[str, np.ndarray]
    single: dict[str, np.ndarray]
    transplanted: dict[str, np.ndarray]
    settings: dict[str, Any]

    def share(self, name: str) -> np.ndarray:
        """(seeds, images) share of angles that are right."""
        return self.right[name].mean(axis=2)


def load_probe(workspace: Workspace, runs: dict[str, Run]) -> Probe:
    """Reads what every variant's networks were asked."""
    right, single, transplanted, settings = {}, {}, {}, {}
    for name in runs:
        probed = Probed(workspace.probe(name))
        settings = probed.record["settings"]
        count = settings["angles"]
        index, labels, logits = probed.arrays("turned/index", "turned/label", "turned/logits")
        index, labels, logits = index[0], labels[0].astype(int), logits.astype(np.float64)
        right[name] = (logits.argmax(axis=2) == labels).astype(float).reshape(len(logits), -1, count)
        first = np.exp(logits[:, :count] - logits[:, :count].max(axis=2, keepdims=True))
        single[name] = first[:, :, labels[0]] / first.sum(axis=2)
        if name == "baseline":
            for k, n in TRANSPLANTS:
                (answers,) = probed.arrays(f"transplant/{k}_rot_{n}")
                transplanted[f"{k}_rot_{n}"] = (answers == labels).astype(float).reshape(len(answers), -1, count)
    return Probe(np.arange(count) * 360 / count, index[::count], right, single, transplanted, settings)


def rotated(runs: dict[str, Run]) -> dict[str, int]:
    """Variants that differ from the baseline in rotated filters alone -> how many layers have them."""

    def others(run: Run) -> dict[str, Any]:
        return {key: value for key, value in run.settings.items() if key not in ("rotations", "rotated_last")}

    last = {name: run.settings["rotated_last"] for name, run in runs.items()}
    return {name: n for name, n in last.items() if n and others(runs[name]) == others(runs["baseline"])}


def invariance_findings(runs: dict[str, Run], probe: Probe, layers: dict[str, int]) -> list[Finding]:
    """Claims 66, 67, 68 and the second half of 71."""
    findings = [_single_finding(runs, probe, name, len(layers)) for name in layers]
    expected = {4: above(0), 2: below(0)}
    judged = sum(n in expected for n in layers.values())
    for name, n in layers.items():
        findings.append(
            Finding(
                67,
                f"Share of angles right over {len(probe.index):,} images, `{name}` minus `baseline`",
                paired_effect(
                    probe.share(name) - probe.share("baseline"), unit="share of angles", together=max(1, judged)
                ),
                expected.get(n, Expect()),
                kind="claim" if n in expected else "context",
                published=f"medians {FIGURE_10[name]:g} % and {FIGURE_10['baseline']:g} % (S2, figure 10, read off)"
                if name in FIGURE_10
                else "",
                note=at_once(judged),
                undecided=unlearned(runs[name], runs["baseline"]) if n in expected else "",
                figures=("invariance",),
            )
        )
    findings += _transplant_findings(runs, probe)
    for merge in ("concat", "squeeze"):
        name = f"4_rot_1_{merge}"
        if name in runs:
            gap = paired_effect(probe.share(name) - probe.share("4_rot_1"), unit="share of angles")
            findings.append(Finding(71, f"Share of angles right, `{name}` minus `4_rot_1`", gap, kind="context"))
    return findings


def _single_finding(runs: dict[str, Run], probe: Probe, name: str, models: int) -> Finding:
    gap = probe.share(name)[:, 0] - probe.share("baseline")[:, 0]
    tie = "" if gap.any() else "no seed shows a difference"
    published = f"{FIGURE_9[name] - FIGURE_9['baseline']:+.2f} % (S2, figure 9, one seed)" if name in FIGURE_9 else ""
    return Finding(
        66,
        f"Share of {len(probe.angles)} angles at which the source's image is right, `{name}` minus `baseline`",
        seeds_effect(gap, "share of angles", SHARES_APART, together=models),
        above(0),
        published=published,
        note=joined(f"test image {probe.index[0]}", at_once(models)),
        undecided=joined(unlearned(runs[name], runs["baseline"]), tie),
        figures=("single_image",),
    )


def _transplant_findings(runs: dict[str, Run], probe: Probe) -> list[Finding]:
    own = probe.share("baseline")
    shares = {name: right.mean(axis=2) for name, right in probe.transplanted.items()}
    why = unlearned(runs["baseline"])
    findings = []
    for name in ("4_rot_4", "8_rot_4"):
        findings += [
            Finding(
                68,
                f"Share of angles right with the baseline's weights in `{name}`, minus the baseline itself",
                paired_effect(shares[name] - own, unit="share of angles"),
                below(0),
                note=f"{shares[name].mean():.3f} against {own.mean():.3f}",
                undecided=why,
                figures=("transplants",),
            ),
            Finding(
                68,
                f"Median over images of the share of angles right with the baseline's weights in `{name}`",
                seeds_effect(np.median(shares[name], axis=1), "share of angles", SHARE),
                Expect(high=CHANCE, closed=True),
                published="about 0 against 30 % (S2, figure 12, read off)",
                note=f"“zero accuracy”: at most chance; the mean over images is {shares[name].mean():.3f}, since the "
                "classes that such a network always answers are right at every angle",
                undecided=why,
                figures=("transplants",),
            ),
            Finding(
                68,
                f"The same on the source's single image, `{name}`: share of angles right",
                seeds_effect(shares[name][:, 0], "share of angles", SHARE),
                kind="context",
                published=f"{FIGURE_11[name]:.2f} % (S2, figure 11)",
                note="one image, few seeds: whether its class is what such a network always answers is chance",
            ),
        ]
    for k in (4, 8):
        words = (
            f"Recovery as early layers are left alone: `{k}_rot_1` minus `{k}_rot_4`, the baseline's weights in both"
        )
        gap = paired_effect(shares[f"{k}_rot_1"] - shares[f"{k}_rot_4"], unit="share of angles")
        findings.append(Finding(68, words, gap, above(0), undecided=why, figures=("transplants",)))
        words = f"With the baseline's weights in `{k}_rot_1`, minus the baseline itself"
        gap = paired_effect(shares[f"{k}_rot_1"] - own, unit="share of angles")
        findings.append(
            Finding(68, words, gap, kind="context", note="“cannot just add”: the source's figure shows a tie here")
        )
    return findings


def season_findings(workspace: Workspace, runs: dict[str, Run], probe: Probe, names: Sequence[str]) -> list[Finding]:
    """Claim 69: the mean curves over the angle.

    A curve that only falls with the angle must show neither season nor dip. So a season means that quarter turns are
    better than the angles halfway to the next ones on *both* sides, and the dip is compared with angles nearer to and
    further from upright.
    """
    angle = probe.angles
    every = np.mean([probe.right[name] for name in names], axis=0)  # (seeds, images, angles)
    around = max(5.0, angle[1] / 2)

    def near(middle: float, width: float) -> np.ndarray:
        """(seeds, images) share right within ``width`` degrees."""
        return every[..., np.abs(angle - middle) <= width].mean(-1)

    if len(angle) < 12:
        return []  # no angle lies between the quarter turns
    dip = near(100, 10)
    lost = damage(workspace, probe)
    upright = np.minimum(angle, 360 - angle) <= UPRIGHT
    why = unlearned(*(runs[name] for name in names))
    pairs = _pair_correlations(probe, names, ~upright)
    shown = ("season",)
    return [
        Finding(
            69,
            f"Similarity of the {len(names)} curves more than {UPRIGHT}° from upright: mean correlation of all pairs",
            seeds_effect(pairs.mean(axis=1), "correlation", CORRELATION),
            above(0),
            note=f"pairs from {pairs.mean(axis=0).min():.2f} to {pairs.mean(axis=0).max():.2f}; upright all are best",
            undecided=why,
            figures=shown,
        ),
        *(
            Finding(
                69,
                f"Share right at {words}, minus halfway to the quarter turns on both sides",
                paired_effect(
                    np.mean([near(turn, around) for turn in turns], axis=0)
                    - np.mean([near(turn + side, around) for turn in turns for side in (-45, 45)], axis=0),
                    unit="share",
                ),
                above(0),
                note="a season of 90°",
                undecided=why,
                figures=shown,
            )
            for words, turns in (("90° and 270°", (90, 270)), ("180°", (180,)))
        ),
        Finding(
            69,
            "Share right within 10° of 100°, minus within 10° of 190° and 280°",
            paired_effect(dip - (near(190, 10) + near(280, 10)) / 2, unit="share"),
            below(0),
            note="the same phase of a season of 90°, which is no dip; interpolation loses the same there",
            undecided=why,
            figures=shown,
        ),
        Finding(
            69,
            "Share right within 10° of 100°, minus within 10° of its mirror image 260°",
            paired_effect(dip - near(260, 10), unit="share"),
            kind="context",
            note="training images were mirrored at random, so that no side is special",
        ),
        Finding(
            69,
            "Correlation of the mean curve with what interpolation loses at each angle (0° left out)",
            _bootstrap_correlation(every[..., 1:], lost[1:]),
            kind="context",
            note="loss: a picture turned and turned back against itself; it is 0 at quarter turns, where accuracy "
            "changes all the same because objects lie on their side",
            figures=shown,
        ),
    ]


def _pair_correlations(probe: Probe, names: Sequence[str], where: np.ndarray) -> np.ndarray:
    """(seeds, pairs) correlation between two models' mean curves over the angles in ``where``."""
    rows = []
    for seed in range(len(probe.right[names[0]])):
        curves = np.array([probe.right[name][seed][:, where].mean(axis=0) for name in names])
        with np.errstate(invalid="ignore", divide="ignore"):
            table = np.nan_to_num(np.corrcoef(curves))  # a constant curve correlates with nothing
        rows.append(table[np.triu_indices(len(names), 1)])
    return np.array(rows)


def _bootstrap_correlation(right: np.ndarray, damage: np.ndarray) -> Effect:
    """Correlation of the mean curve with ``damage``; the interval resamples images."""
    rng = np.random.default_rng(0)
    rows = right.mean(axis=0)
    draws = rows[rng.integers(0, len(rows), (1000, len(rows)))].mean(axis=1) if len(rows) <= 100 else None
    if draws is None:  # weights rather than a gigabyte of copies
        draws = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=1000) @ rows / len(rows)
    centred = draws - draws.mean(axis=1, keepdims=True)
    other = damage - damage.mean()
    lengths = np.linalg.norm(centred, axis=1) * np.linalg.norm(other)
    values = np.divide(centred @ other, lengths, out=np.zeros(len(draws)), where=lengths > 0)
    curve = rows.mean(axis=0)
    value = float(np.corrcoef(curve, damage)[0, 1]) if np.ptp(curve) else 0.0
    return Effect(value, *np.quantile(values, (0.025, 0.975)).tolist(), len(rows), len(right), "correlation")


def damage(workspace: Workspace, probe: Probe, most: int = 30) -> np.ndarray:
    """(angles,) what interpolation loses: RMS difference, in grey levels, of images turned there and back.

    Measured inside a disc that no corner leaves.
    """
    from scipy.ndimage import rotate

    images = cifar.load(workspace.prepared("cifar")).test_images[probe.index[:most]].astype(float)
    stack = images.mean(axis=3).transpose(1, 2, 0)
    rows, columns = np.mgrid[:32, :32] - 15.5
    inside = np.hypot(rows, columns) < 14
    losses = []
    for angle in probe.angles:
        there = rotate(stack, angle, axes=(0, 1), reshape=False, order=3)
        back = rotate(there, -angle, axes=(0, 1), reshape=False, order=3)
        losses.append(np.sqrt(np.mean((back - stack)[inside] ** 2)))
    return np.array(losses)


def angle_table(probe: Probe) -> Table:
    rows = []
    for name in probe.right:
        share = probe.share(name)
        quartiles = np.quantile(share.mean(axis=0), (0.25, 0.5, 0.75))
        other = probe.transplanted.get(name)
        rows.append(
            (
                name,
                f"{share[:, 0].mean():.3f}",
                f"{share.mean():.3f}",
                " / ".join(f"{q:.3f}" for q in quartiles),
                "–" if other is None else f"{other.mean():.3f}",
                "–" if name not in FIGURE_9 else f"{FIGURE_9[name] / 100:.3f}",
            )
        )
    columns = ("variant", "one image", "all images", "quartiles", "baseline's weights", "S2, one image")
    caption = f"Share of {len(probe.angles)} angles right; {len(probe.index):,} images, mean over seeds."
    return Table("Turned images", columns, tuple(rows), caption)
