"""Claim 47: codes that are moved at random, and whether what they decode into is still of the same class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, Table, below, primary
from reprise.runs import Probed
from reprise.statistics import paired_effect
from reprise.workspace import Workspace

VARIANT, STRENGTH = "code_8", 0.5  # that decide
STEADY = 0.9  # share of unmoved codes that must keep their class


@dataclass(frozen=True)
class Moved:
    """What became of moved codes.

    Attributes:
        strengths: of the moves, in standard deviations of the codes; 0 first.
        kept: (seeds, strengths, images) 1 where the nearest training image is of the test image's class.
        far: (seeds, strengths, images) root mean square distance from that image.
        noise: the same for reconstructions that noise of the same length was added to.
        pictures: (seeds, shown, strengths + 1, h, w) bytes, the test image first.
    """

    strengths: list[float]
    kept: np.ndarray
    far: np.ndarray
    noise: np.ndarray
    pictures: np.ndarray


def load(workspace: Workspace, variant: str = VARIANT) -> Moved:
    """Reads what an encoder's codes decoded into."""
    probed = Probed.of(workspace, variant)
    kept, far, noise, pictures = probed.arrays("moved/kept", "moved/far", "moved/noise", "moved/pictures")
    strengths = [0.0, *probed.record["settings"]["strengths"]]
    return Moved(strengths, kept.astype(float), far.astype(float), noise.astype(float), pictures)


def findings(declared: Declaration, moved: Moved, others: dict[str, Moved]) -> list[Finding]:
    """Half a standard deviation decides; other strengths and codes stand beside, and pixel noise as a control.

    Raises:
        ValueError: the strength that decides was not asked.
    """
    if STRENGTH not in moved.strengths:
        raise ValueError(f"probe.strengths: {STRENGTH} decides claim {declared.claim} and is not among them")
    place = moved.strengths.index(STRENGTH)
    still = float(np.median(moved.kept[:, 0].mean(axis=1)))
    barred = f"unmoved codes keep the class of {still:.0%} alone" if still < STEADY else ""
    level = declared.level(len(moved.kept))
    share = paired_effect(moved.kept[:, place], unit="share", possible=(0, 1), level=level)
    far = paired_effect(moved.far[:, place] - moved.noise[:, place], unit="of the range of a pixel")
    found = [
        primary(declared, share, undecided=barred, note=f"unmoved {still:.3f}", figures=("moved", "kept")),
        Finding(
            47,
            "Distance from the nearest training image, decoded from moved codes minus as much pixel noise",
            far,
            below(0),
            "secondary",
            note=f"moved {moved.far[:, place].mean():.3f}, noise {moved.noise[:, place].mean():.3f}, "
            f"unmoved {moved.far[:, 0].mean():.3f}",
        ),
    ]
    for name, each in {VARIANT: moved, **others}.items():
        for k, strength in enumerate(each.strengths):
            if (name, strength) != (VARIANT, STRENGTH) and strength:
                effect = paired_effect(each.kept[:, k], unit="share", possible=(0, 1))
                found.append(Finding(47, f"The same share, `{name}` moved by {strength:g}", effect, figures=("kept",)))
    return found


def table(every: dict[str, Moved]) -> Table:
    """Class kept and distance, by code and strength."""
    rows = tuple(
        (name, f"{strength:g}", *(f"{values[:, k].mean():.3f}" for values in (each.kept, each.far, each.noise)))
        for name, each in every.items()
        for k, strength in enumerate(each.strengths)
    )
    columns = ("variant", "moved by", "class kept", "from the nearest training image", "as much pixel noise")
    caption = "Moves in standard deviations of the codes; distances are root mean squares of pixels in 0 to 1."
    return Table("Moved codes", columns, rows, caption)
