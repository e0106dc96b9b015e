"""Claim 3: Otsu's method on photographs, its two definitions, and the source's off-by-one."""

from __future__ import annotations

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence
from reprise.studies.thresholds import comparison, definitions, figures
from reprise.studies.thresholds.images import photographs, random_images
from reprise.studies.thresholds.lesson import BINS
from reprise.studies.thresholds.settings import Config
from reprise.workspace import Workspace


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Thresholds photographs and random images three ways."""
    config: Config = workspace.config
    pictures, random = photographs(), random_images(config.random_images)
    found = {name: comparison.threshold_photograph(image) for name, image in pictures.items()}
    folder = workspace.evidence / "figures"
    return Evidence(
        data=f"{len(pictures)} grey photographs that come with scikit-image; {len(random)} generated images",
        findings=[
            *definitions.findings(declared[3], list(pictures.values()), random),
            *comparison.findings(found, random),
        ],
        metrics=comparison.metrics(found),
        tables=[comparison.table(pictures, found)],
        figures=[figures.binary_images(folder, pictures), figures.variances(folder, pictures["coins"])],
        cost={"grey_levels": BINS},
    )
