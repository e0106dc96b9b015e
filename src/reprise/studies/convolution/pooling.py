"""Claims 110 and 111: what pooling does to shapes and to edges, and the mean of each channel."""

from __future__ import annotations

import itertools

import numpy as np

from reprise.claims.evidence import Finding, Metric, above, equals
from reprise.statistics import Effect, exact, mean_effect
from reprise.studies.convolution.lesson.edges import bright_lines, edge_contrast, step_edges
from reprise.studies.convolution.lesson.pooling import global_average_pool, pool2d
from reprise.studies.convolution.published import GLOBAL, POOLING, written
from reprise.studies.convolution.settings import Config

SIZE = 64  # of the images with edges
SHOWN = ("convolution_pooling",)
Contrasts = dict[tuple[str, str], np.ndarray]  # (kind, pooling) -> (rounds, edges): share of the contrast left


def contrasts(config: Config) -> Contrasts:
    """Contrast of random steps and thin lines after each 2 x 2 pooling, over what it was at first."""
    rng = np.random.default_rng(110)
    angles, offsets = rng.uniform(0, 2 * np.pi, config.edges), rng.uniform(-8, 8, config.edges)
    lines = bright_lines(angles, offsets, SIZE, width=np.sqrt(2))  # so wide that it has no gaps at any angle
    kinds = {"step": step_edges(angles, offsets, SIZE), "bright line": lines, "dark line": 1 - lines}
    result = {}
    for (kind, images), mode in itertools.product(kinds.items(), ("max", "mean")):
        left, pooled = [], images
        for _ in range(config.rounds):
            pooled = pool2d(pooled, 2, mode=mode)
            left.append(edge_contrast(pooled) / edge_contrast(images))
        result[kind, mode] = np.array(left)
    return result


def gain(left: Contrasts, kind: str) -> np.ndarray:
    """(edges,): contrast that the maximum keeps and the mean loses in one pooling."""
    return (left[kind, "max"] - left[kind, "mean"])[0]


def findings(left: Contrasts) -> list[Finding]:
    """The source's two shapes, and edges between them."""
    rng = np.random.default_rng(111)
    shape, whole = POOLING["image"], GLOBAL["image"]
    representation = rng.normal(size=(1, shape["channels"], shape["size"], shape["size"]))
    image = rng.integers(0, 256, size=(1, whole["channels"], whole["size"], whole["size"])).astype(float)
    return [*_shape_findings(representation), *_edge_findings(left), *_average_findings(image)]


def _shape_findings(representation: np.ndarray) -> list[Finding]:
    pooled = pool2d(representation, POOLING["window"]["size"], POOLING["window"]["stride"])
    published = f"S3: {written(POOLING['image'])} becomes {written(POOLING['output'])}"
    return [
        Finding(
            110,
            "Height and width after 2 × 2 pooling with stride 2",
            exact(pooled.shape[2]),
            equals(POOLING["output"]["size"]),
            published=published,
        ),
        Finding(
            110,
            "Depth after pooling",
            exact(pooled.shape[1]),
            equals(POOLING["output"]["channels"]),
            published=published,
        ),
    ]


def _edge_findings(left: Contrasts) -> list[Finding]:
    def share(values: np.ndarray) -> Effect:
        return mean_effect(values, unit="share")

    return [
        Finding(
            110,
            "Share of a step edge's contrast that max pooling keeps and mean pooling loses",
            share(gain(left, "step")),
            above(0.0),
            published="S3: max pooling preserves edges",
            note="Black-and-white edges at random angles and places, one 2 × 2 pooling.",
            figures=SHOWN,
        ),
        Finding(
            110,
            "Share of a step edge's contrast that is left after max pooling",
            share(left["step", "max"][0]),
            kind="context",
            figures=SHOWN,
        ),
        Finding(
            110,
            "The same difference for a thin dark line on a bright ground",
            share(gain(left, "dark line")),
            kind="context",
            note="Negative: the maximum favours what is bright and wipes out thin dark lines.",
            figures=SHOWN,
        ),
    ]


def _average_findings(image: np.ndarray) -> list[Finding]:
    import torch
    import torch.nn.functional as F

    average, output = global_average_pool(image), GLOBAL["output"]
    theirs = F.adaptive_avg_pool2d(torch.from_numpy(image), 1).numpy()
    return [
        Finding(
            111,
            "Numbers left of a 100 × 100 × 3 image",
            exact(average.size),
            equals(output["size"] ** 2 * output["channels"]),
            published=f"S3: a {output['size']}×{output['size']} image with {output['channels']} channels",
        ),
        Finding(
            111,
            "Largest difference from the mean of each channel",
            exact(np.abs(average - theirs).max(), average.size),
            equals(0.0),
            oracle="torch.nn.functional.adaptive_avg_pool2d",
            note="Exact: the sums of whole numbers are.",
        ),
    ]


def metrics(left: Contrasts) -> dict[str, Metric]:
    """For the gate: what the maximum keeps of a step."""
    values = gain(left, "step")
    return {"edge_contrast_max_minus_mean": Metric(float(values.mean()), "higher", n=len(values))}
