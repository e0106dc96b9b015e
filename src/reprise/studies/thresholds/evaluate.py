"""Claim 3: Otsu's method on photographs, its two definitions, and the source's off-by-one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from skimage import data, filters

from reprise.claims.evidence import Evidence, Figure, Finding, Metric, Table, equals
from reprise.plotting import COLOURS, figure
from reprise.statistics import exact, mean_effect
from reprise.studies.thresholds.lesson import between_class, histogram, otsu, otsu_index, published_otsu, within_class
from reprise.studies.thresholds.settings import Config
from reprise.workspace import Workspace

# grey photographs that scikit-image's wheel holds: nothing is fetched
PHOTOGRAPHS = ("brick", "camera", "cell", "clock", "coins", "grass", "gravel", "microaneurysms", "moon", "page", "text")


def evaluate(workspace: Workspace) -> Evidence:
    """Thresholds photographs and random images three ways."""
    config: Config = workspace.config
    folder = workspace.evidence / "figures"
    photographs = {name: getattr(data, name)() for name in PHOTOGRAPHS}
    random = random_images(config.random_images)
    ours = {name: otsu(image) for name, image in photographs.items()}
    reference = {name: int(filters.threshold_otsu(image)) for name, image in photographs.items()}
    source = {name: published_otsu(image) for name, image in photographs.items()}
    changed = {name: float((image == source[name]).mean()) for name, image in photographs.items()}
    shift = np.array([source[name] - reference[name] for name in PHOTOGRAPHS])
    everything = [*photographs.values(), *random]
    _draw_photographs(folder / "otsu_photographs.png", photographs)
    _draw_variances(folder / "otsu_variances.svg", photographs["coins"])
    findings = [
        Finding(
            3,
            "Images on which the least within-class variance and the greatest between-class variance disagree",
            exact(sum(not same_optimum(image) for image in everything), n=len(everything), unit="images"),
            equals(0),
            variant="text",
            note="Both variances from their own definitions, in whole-number arithmetic; the sets of optimal "
            "thresholds are compared, ties and all.",
            figures=("otsu_variances",),
        ),
        Finding(
            3,
            "Share of the grey levels' variance that the split explains, photographs",
            mean_effect(np.array([explained(image) for image in photographs.values()]), unit="share of variance"),
            kind="context",
            note="The best split of an even histogram explains three quarters; clear peaks give more.",
            figures=("otsu_photographs",),
        ),
        Finding(
            3,
            "Photographs on which our threshold differs from scikit-image's",
            exact(sum(ours[name] != reference[name] for name in PHOTOGRAPHS), n=len(PHOTOGRAPHS), unit="images"),
            equals(0),
            kind="oracle",
            oracle="skimage.filters.threshold_otsu",
        ),
        Finding(
            3,
            "Random images on which our threshold differs from scikit-image's other than by an exact tie",
            exact(sum(disagree(image) for image in random), n=len(random), unit="images"),
            equals(0),
            kind="oracle",
            oracle="skimage.filters.threshold_otsu",
            note="Among thresholds with exactly the same variance we take the lowest; floating point may take another.",
        ),
        Finding(
            3,
            "Photographs on which the source's script gives another threshold than Otsu's",
            exact(int((shift != 0).sum()), n=len(shift), unit="images"),
            equals(0),
            variant="code",
            defect=6,
            note="Its loop scores the split [0, t) against [t, 255], then draws image > t: the level t changes sides.",
            figures=("otsu_photographs",),
        ),
        Finding(
            3,
            "Threshold of the source's script minus the right one, mean over photographs",
            mean_effect(shift.astype(float), unit="grey levels"),
            kind="context",
            variant="code",
            defect=6,
            note="One level; more where the histogram has a gap at the threshold, all of which scores alike.",
        ),
        Finding(
            3,
            "Share of pixels that the off-by-one puts on the other side, mean over photographs",
            mean_effect(np.array(list(changed.values())), unit="share of pixels"),
            kind="context",
            variant="code",
            defect=6,
        ),
    ]
    return Evidence(
        data=f"{len(PHOTOGRAPHS)} grey photographs that come with scikit-image; {len(random)} generated images",
        findings=findings,
        metrics={
            "equal_to_scikit_image": Metric(
                sum(ours[name] == reference[name] for name in PHOTOGRAPHS), "equal", n=len(PHOTOGRAPHS)
            ),
            "source_shift": Metric(float(shift.mean()), "equal", float(shift.std(ddof=1)), len(shift)),
        },
        tables=[
            Table(
                "Thresholds",
                ("photograph", "ours", "scikit-image", "source's script", "variance explained", "pixels moved"),
                tuple(
                    (
                        name,
                        ours[name],
                        reference[name],
                        source[name],
                        round(explained(image), 3),
                        round(changed[name], 4),
                    )
                    for name, image in photographs.items()
                ),
                "Pixels moved: those at the source's threshold, drawn dark though its own split calls them bright.",
            )
        ],
        figures=[
            Figure(
                "otsu_photographs",
                "Image, histogram, binary image",
                "Three photographs in rows: the picture, its histogram with the threshold, and the two classes.",
                "The source's three panels. One threshold for a whole image serves the coins; uneven light defeats it "
                "on the page, and the moon's histogram has no two peaks to part.",
                "png",
            ),
            Figure(
                "otsu_variances",
                "Two definitions, one threshold",
                "Within-class variance dips and between-class variance peaks at the same grey level; they add up to a "
                "constant.",
                "The coins photograph. The sum is the total variance, which no threshold changes.",
            ),
        ],
        cost={"grey_levels": 256},
    )


def random_images(count: int) -> list[np.ndarray]:
    """Images of many kinds: few levels and many, 8 and 16 bits, signed, floating point; some of one value."""
    rng = np.random.default_rng(0)
    images = []
    for index in range(count):
        shape = tuple(rng.integers(1, 40, 2))
        levels = int(rng.integers(1, 60)) if index % 2 else 256
        image = rng.integers(0, levels, shape)
        kind = index % 5
        if kind == 0:
            images.append(image.astype(np.uint8))
        elif kind == 1:
            images.append((image * rng.integers(1, 12)).astype(np.uint16))
        elif kind == 2:
            images.append(image.astype(np.int16) - 100)
        elif kind == 3:
            images.append(np.where(rng.random(shape) < 0.3, rng.normal(0, 1, shape), rng.normal(4, 2, shape)))
        else:
            images.append((image // 64).astype(np.uint8))
    return images


def same_optimum(image: np.ndarray) -> bool:
    """Whether both definitions have the same optimal splits (an image of one value has none)."""
    counts, _ = histogram(image)
    within, between = within_class(counts), between_class(counts)
    valid = [index for index, spread in enumerate(within) if spread is not None]
    if not valid:
        return max(between) == 0
    least, most = min(within[index] for index in valid), max(between)
    return {i for i in valid if within[i] == least} == {i for i in valid if between[i] == most}


def disagree(image: np.ndarray) -> bool:
    """Whether scikit-image's threshold is neither ours nor exactly as good."""
    theirs, mine = filters.threshold_otsu(image), otsu(image)
    if mine == theirs:
        return False
    counts, values = histogram(image)
    spreads = between_class(counts)
    place = int(np.flatnonzero(values == theirs)[0])
    return spreads[place] != spreads[otsu_index(counts)]


def explained(image: np.ndarray) -> float:
    """Between-class variance at the threshold over the total variance."""
    counts, _ = histogram(image)
    index = otsu_index(counts)
    between, within = between_class(counts)[index], within_class(counts)[index]
    return float(between / (between + within))


def _draw_photographs(path: Path, photographs: dict[str, np.ndarray]) -> None:
    with figure(path, 7.2, 6, nrows=3, ncols=3, width_ratios=[1, 1.2, 1]) as (_, axes):
        for row, name in zip(axes, ("coins", "page", "moon"), strict=True):
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


def _draw_variances(path: Path, image: np.ndarray) -> None:
    counts, values = histogram(image)
    between = np.array([float(spread) for spread in between_class(counts)])
    within = np.array([np.nan if spread is None else float(spread) for spread in within_class(counts)])
    threshold = values[otsu_index(counts)]
    with figure(path, 7, 3.2) as (_, axis):
        axis.plot(values, within, label="within the classes", color=COLOURS[0])
        axis.plot(values, between, label="between the classes", color=COLOURS[2])
        axis.plot(values, within + between, label="sum", color=COLOURS[-1], linestyle=":")
        axis.axvline(threshold, color=COLOURS[1], linewidth=1.2)
        axis.text(threshold + 3, 30, f"threshold {threshold}", color=COLOURS[1])
        axis.set_ylim(0, None)
        axis.set_xlabel("grey level")
        axis.set_ylabel("variance (grey levels²)")
        axis.legend(ncols=3, loc="upper center", bbox_to_anchor=(0.5, 1.16))
