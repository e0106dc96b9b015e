"""The figures of the study of thresholds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, figure
from reprise.studies.thresholds.lesson import between_class, histogram, otsu, otsu_index, within_class

SHOWN = ("coins", "page", "moon")


def binary_images(folder: Path, photographs: dict[str, np.ndarray]) -> Figure:
    """Three photographs, their histograms with the threshold, and their two classes."""
    with figure(folder / "otsu_photographs.png", 7.2, 6, nrows=3, ncols=3, width_ratios=[1, 1.2, 1]) as (_, axes):
        for row, name in zip(axes, SHOWN, strict=True):
            image = photographs[name]
            threshold = otsu(image)
            row[0].imshow(image, vmin=0, vmax=255)
            row[0].set_title(name)
            row[1].bar(np.arange(256), np.bincount(image.ravel(), minlength=256), width=1, color=COLOURS[0])
            row[1].axvline(threshold + 0.5, color=COLOURS[1])
            row[1].set_title(f"threshold {threshold}")
            row[1].set_yticks([])
            row[2].imshow(image > threshold)
            for axis in (row[0], row[2]):
                axis.set_axis_off()
    return Figure(
        "otsu_photographs",
        "Image, histogram, binary image",
        "Three photographs in rows: the picture, its histogram with the threshold, and the two classes.",
        "The source's three panels. One threshold for a whole image serves the coins; uneven light defeats it "
        "on the page, and the moon's histogram has no two peaks to part.",
        "png",
    )


def variances(folder: Path, image: np.ndarray) -> Figure:
    """Both variances of every split of one photograph, and their sum."""
    counts, values = histogram(image)
    between = np.array([float(spread) for spread in between_class(counts)])
    within = np.array([np.nan if spread is None else float(spread) for spread in within_class(counts)])
    threshold = values[otsu_index(counts)]
    with figure(folder / "otsu_variances.svg", 7, 3.2) as (_, axis):
        axis.plot(values, within, label="within the classes", color=COLOURS[0])
        axis.plot(values, between, label="between the classes", color=COLOURS[2])
        axis.plot(values, within + between, label="sum", color=COLOURS[-1], linestyle=":")
        axis.axvline(threshold, color=COLOURS[1], linewidth=1.2)
        axis.text(threshold + 3, 30, f"threshold {threshold}", color=COLOURS[1])
        axis.set_ylim(0, None)
        axis.set_xlabel("grey level")
        axis.set_ylabel("variance (grey levels²)")
        axis.legend(ncols=3, loc="upper center", bbox_to_anchor=(0.5, 1.16))
    return Figure(
        "otsu_variances",
        "Two definitions, one threshold",
        "Within-class variance dips and between-class variance peaks at the same grey level; they add up to a "
        "constant.",
        "The coins photograph. The sum is the total variance, which no threshold changes.",
    )
