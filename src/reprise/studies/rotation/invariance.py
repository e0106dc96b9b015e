"""Claims 66, 67 and a half of 71: are networks with rotated filters right at more angles?"""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declaration, Declarations
from reprise.claims.evidence import Finding, Table, below, joined, primary
from reprise.comparing.findings import unlearned
from reprise.runs import Run
from reprise.statistics import SHARES_APART, paired_effect, seeds_effect
from reprise.studies.rotation.published import FIGURE_9, FIGURE_10
from reprise.studies.rotation.turned import Probe

BEST = ("4_rot_4", "8_rot_4")  # as figure 10 has it


def invariance_findings(
    declared: Declarations, runs: dict[str, Run], probe: Probe, layers: dict[str, int]
) -> list[Finding]:
    """All of claims 66 and 67; ``layers`` says in how many layers each network has rotated filters."""
    found = [_single_finding(declared[66], runs, probe, name, len(layers)) for name in layers]
    medians = {
        name: f"medians {FIGURE_10[name]['median']:g} % and {FIGURE_10['baseline']['median']:g} % "
        "(S2, figure 10, read off)"
        for name in layers
        if name in FIGURE_10
    }
    found += _best(declared[67], runs, probe)
    second = [name for name, n in layers.items() if n == 2]
    for name in layers:
        if name in BEST:
            continue
        words = f"Share of angles right over {len(probe.index):,} images, `{name}` minus `baseline`"
        more = {"published": medians.get(name, ""), "figures": ("invariance",)}
        if name in second:
            more |= {"expect": below(0), "kind": "secondary", "note": "“slightly worse than baseline”"}
        together = len(second) if name in second else 1
        effect = paired_effect(probe.gap(name, "baseline"), unit="share of angles", together=together)
        found.append(Finding(67, words, effect, **more))
    return found


def _best(declared: Declaration, runs: dict[str, Run], probe: Probe) -> list[Finding]:
    """Claim 67: the two that are called best, against each of the others of the source's figure."""
    others = [name for name in FIGURE_10 if name not in BEST]
    pairs = [(name, other) for name in BEST for other in others]
    found = []
    for name, other in pairs:
        gap = probe.gap(name, other)
        effect = paired_effect(gap, unit="share of angles", level=declared.level(len(gap)), together=len(pairs))
        here, there = (FIGURE_10[each]["median"] for each in (name, other))
        found.append(
            primary(
                declared,
                effect,
                of=f"`{name}` minus `{other}`",
                undecided=unlearned(runs[name], runs[other]),
                published=f"medians {here:g} % and {there:g} % (S2, figure 10, read off)",
                figures=("invariance",),
            )
        )
    return found


def merge_findings(runs: dict[str, Run], probe: Probe) -> list[Finding]:
    """The second half of claim 71: responses kept side by side in place of their maximum."""
    findings = []
    for merge in ("concat", "squeeze"):
        name = f"4_rot_1_{merge}"
        if name in runs:
            gap = paired_effect(probe.gap(name, "4_rot_1"), unit="share of angles")
            findings.append(Finding(71, f"Share of angles right, `{name}` minus `4_rot_1`", gap))
    return findings


def _single_finding(declared: Declaration, runs: dict[str, Run], probe: Probe, name: str, models: int) -> Finding:
    gap = probe.gap(name, "baseline")[:, 0]
    tie = "" if gap.any() else "no seed shows a difference"
    published = f"{FIGURE_9[name] - FIGURE_9['baseline']:+.2f} % (S2, figure 9, one seed)" if name in FIGURE_9 else ""
    effect = seeds_effect(gap, "share of angles", SHARES_APART, level=declared.level(len(gap)), together=models)
    return primary(
        declared,
        effect,
        of=f"`{name}`",
        published=published,
        note=f"test image {probe.index[0]}, {len(probe.angles)} angles",
        undecided=joined(unlearned(runs[name], runs["baseline"]), tie),
        figures=("single_image",),
    )


def angle_table(probe: Probe) -> Table:
    """A row a variant: one image, all images, and all with the baseline's weights."""
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
