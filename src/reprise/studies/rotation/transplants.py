"""Claim 68: what rotated networks make of turned images with the baseline's weights, put in without training."""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Expect, Finding, above, primary
from reprise.comparing.findings import unlearned
from reprise.runs import Run
from reprise.statistics import SHARE, paired_effect, seeds_effect
from reprise.studies.rotation.published import FIGURE_11, FIGURE_12
from reprise.studies.rotation.turned import Probe

CHANCE = 0.1  # ten classes


def transplant_findings(declared: Declaration, runs: dict[str, Run], probe: Probe) -> list[Finding]:
    """All of claim 68."""
    own = probe.share("baseline")
    shares = {name: right.mean(axis=2) for name, right in probe.transplanted.items()}
    why, networks = unlearned(runs["baseline"]), ("4_rot_4", "8_rot_4")
    level = declared.level(len(own))
    found = []
    for name in networks:
        effect = paired_effect(shares[name] - own, unit="share of angles", level=level, together=len(networks))
        note = f"{shares[name].mean():.3f} against {own.mean():.3f}"
        found += [
            primary(declared, effect, of=f"`{name}`", note=note, undecided=why, figures=("transplants",)),
            Finding(
                68,
                f"Median over images of the share of angles right with the baseline's weights in `{name}`",
                seeds_effect(np.median(shares[name], axis=1), "share of angles", SHARE, together=4),
                Expect(high=CHANCE, closed=True),
                kind="secondary",
                published=f"about {FIGURE_12[name]['median']:g} against {FIGURE_12['baseline']['median']:g} % "
                "(S2, figure 12, read off)",
                note="“zero accuracy”, which the source says of one image: at most chance; the mean over images is "
                f"{shares[name].mean():.3f}, since the "
                "classes that such a network always answers are right at every angle",
                undecided=why,
                figures=("transplants",),
            ),
            Finding(
                68,
                f"The same on the source's single image, `{name}`: share of angles right",
                seeds_effect(shares[name][:, 0], "share of angles", SHARE),
                published=f"{FIGURE_11[name]:.2f} % (S2, figure 11)",
                note="one image, few seeds: whether its class is what such a network always answers is chance",
            ),
        ]
    for k in (4, 8):
        words = (
            f"Recovery as early layers are left alone: `{k}_rot_1` minus `{k}_rot_4`, the baseline's weights in both"
        )
        gap = paired_effect(shares[f"{k}_rot_1"] - shares[f"{k}_rot_4"], unit="share of angles", together=4)
        found.append(Finding(68, words, gap, above(0), kind="secondary", undecided=why, figures=("transplants",)))
        words = f"With the baseline's weights in `{k}_rot_1`, minus the baseline itself"
        gap = paired_effect(shares[f"{k}_rot_1"] - own, unit="share of angles")
        found.append(Finding(68, words, gap, note="“cannot just add”: the source's figure shows a tie here"))
    return found
