"""Claims 66, 67 and a half of 71: are networks with rotated filters right at more angles?"""

from __future__ import annotations

import numpy as np

from reprise.claims.evidence import Expect, Finding, Table, above, at_once, below, joined
from reprise.comparing.findings import unlearned
from reprise.runs import Run
from reprise.statistics import SHARES_APART, paired_effect, seeds_effect
from reprise.studies.rotation.published import FIGURE_9, FIGURE_10
from reprise.studies.rotation.turned import Probe


def invariance_findings(runs: dict[str, Run], probe: Probe, layers: dict[str, int]) -> list[Finding]:
    """All of claims 66 and 67; ``layers`` says in how many layers each network has rotated filters."""
    findings = [_single_finding(runs, probe, name, len(layers)) for name in layers]
    expected = {4: above(0), 2: below(0)}
    judged = sum(n in expected for n in layers.values())
    for name, n in layers.items():
        medians = (
            f"{FIGURE_10[name]['median']:g} % and {FIGURE_10['baseline']['median']:g} %" if name in FIGURE_10 else ""
        )
        findings.append(
            Finding(
                67,
                f"Share of angles right over {len(probe.index):,} images, `{name}` minus `baseline`",
                paired_effect(
                    probe.share(name) - probe.share("baseline"), unit="share of angles", together=max(1, judged)
                ),
                expected.get(n, Expect()),
                kind="claim" if n in expected else "context",
                published=f"medians {medians} (S2, figure 10, read off)" if medians else "",
                note=at_once(judged),
                undecided=unlearned(runs[name], runs["baseline"]) if n in expected else "",
                figures=("invariance",),
            )
        )
    return findings


def merge_findings(runs: dict[str, Run], probe: Probe) -> list[Finding]:
    """The second half of claim 71: responses kept side by side in place of their maximum."""
    findings = []
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
