"""Claims 110 and 111: what pooling does to shapes and to edges, and the mean of each channel."""

from __future__ import annotations

import itertools

import numpy as np

from reprise.claims.declarations import Declaration, Declarations
from reprise.claims.evidence import Finding, Metric, equals, primary
from reprise.statistics import exact, mean_effect, paired_effect
from reprise.studies.convolution.lesson.edges import bright_lines, edge_contrast, step_edges
from reprise.studies.convolution.lesson.pooling import global_average_pool, pool2d
from reprise.studies.convolution.published import GLOBAL, POOLING, written
from reprise.studies.convolution.settings import Config

SIZE = 64  # of the images with edges
SHOWN = ("convolution_pooling",)
SECOND = "every second pixel"  # taken, in both directions, without a maximum
Contrasts = dict[tuple[str, str], np.ndarray]  # (kind, pooling) -> (rounds, edges): share of the contrast left


def contrasts(config: Config) -> Contrasts:
    """Contrast of random steps and thin lines after each 2 x 2 pooling, over what it was at first."""
    rng = np.random.default_rng(110)
    angles, offsets = rng.uniform(0, 2 * np.pi, config.edges), rng.uniform(-8, 8, config.edges)
    lines = bright_lines(angles, offsets, SIZE, width=np.sqrt(2))  # so wide that it has no gaps at any angle
    kinds = {"step": step_edges(angles, offsets, SIZE), "bright line": lines, "dark line": 1 - lines}
    result = {}
    for (kind, images), mode in itertools.product(kinds.items(), ("max", "mean", SECOND)):
        left, pooled = [], images
        for _ in range(config.rounds):
            pooled = pooled[..., ::2, ::2] if mode == SECOND else pool2d(pooled, 2, mode=mode)
            left.append(edge_contrast(pooled) / edge_contrast(images))
        result[kind, mode] = np.array(left)
    return result


def gain(left: Contrasts, kind: str) -> np.ndarray:
    """(edges,): contrast that the maximum keeps and the mean loses in one pooling."""
    return (left[kind, "max"] - left[kind, "mean"])[0]


def findings(declared: Declarations, left: Contrasts) -> list[Finding]:
    """Edges of every kind, then the source's two shapes."""
    return [*_edge_findings(declared[110], left), _shape_finding(), *_average_findings(declared[111])]


def _shape_finding() -> Finding:
    shape, window, output = POOLING["image"], POOLING["window"], POOLING["output"]
    pooled = pool2d(np.zeros((1, shape["channels"], shape["size"], shape["size"])), window["size"], window["stride"])
    wanted = (output["channels"], output["size"], output["size"])
    return Finding(
        110,
        "Largest difference of depth, height and width after 2 × 2 pooling with stride 2 from those of the source",
        exact(max(abs(found - said) for found, said in zip(pooled.shape[1:], wanted, strict=True)), len(wanted)),
        equals(0),
        kind="secondary",
        published=f"S3: {written(shape)} becomes {written(output)}",
    )


def _edge_findings(declared: Declaration, left: Contrasts) -> list[Finding]:
    kinds = {
        "step": ("step edge", "As sharp as it was, at any angle and place."),
        "bright line": ("thin bright line", "A line of 1.4 pixels."),
        "dark line": (
            "thin dark line",
            "The maximum favours what is bright: a dark line thinner than the window vanishes on a bright ground.",
        ),
    }
    found = [
        primary(
            declared,
            paired_effect(left[kind, "max"][0], unit="of the contrast", together=len(kinds)),
            of=words,
            note=note,
            figures=SHOWN,
        )
        for kind, (words, note) in kinds.items()
    ]
    found += [
        Finding(
            110,
            f"Share of a {words}'s contrast that is left where {SECOND} is taken",
            paired_effect(left[kind, SECOND][0], unit="of the contrast"),
            note="whatever keeps single pixels keeps a step: that it does is no merit of the maximum",
        )
        for kind, (words, _) in kinds.items()
    ]
    return found + [
        Finding(
            110,
            f"Share of a {words}'s contrast that max pooling keeps and mean pooling loses",
            mean_effect(gain(left, kind), unit="of the contrast"),
            figures=SHOWN,
        )
        for kind, (words, _) in kinds.items()
    ]


def _average_findings(declared: Declaration) -> list[Finding]:
    import torch
    import torch.nn.functional as F

    whole = GLOBAL["image"]
    size = (1, whole["channels"], whole["size"], whole["size"])
    image = np.random.default_rng(111).integers(0, 256, size=size).astype(float)
    average, output = global_average_pool(image), GLOBAL["output"]
    theirs = F.adaptive_avg_pool2d(torch.from_numpy(image), 1).numpy()
    return [
        primary(
            declared,
            exact(average.size),
            published=f"S3: a {output['size']}×{output['size']} image with {output['channels']} channels",
        ),
        Finding(
            111,
            "Largest difference from the mean of each channel",
            exact(np.abs(average - theirs).max(), average.size),
            equals(0.0),
            kind="oracle",
            oracle="torch.nn.functional.adaptive_avg_pool2d",
            note="Exact: the sums of whole numbers are.",
        ),
    ]


def metrics(left: Contrasts) -> dict[str, Metric]:
    """For the gate: what the maximum keeps of a step."""
    values = gain(left, "step")
    return {"edge_contrast_max_minus_mean": Metric(float(values.mean()), "higher", n=len(values))}
