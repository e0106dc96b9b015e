"""The pictures of the study of fully convolutional networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reprise.claims.evidence import Figure
from reprise.data.label_pictures import voc_palette
from reprise.plotting import COLOURS, figure
from reprise.runs import Run
from reprise.studies.fcn.ceilings import through
from reprise.studies.fcn.scores import Scored, boundary, mean_iu
from reprise.studies.fcn.settings import STAGED

SHOWN = 4  # pictures
IGNORED = (128, 128, 128)


def scores(folder: Path, scored: dict[str, Scored]) -> Figure:
    """Mean IU and boundary IU of every network."""
    with figure(folder / "scores.svg", 7, 0.34 * len(scored) + 1.2, ncols=2, sharey=True) as (_, axes):
        for axis, measure, words in zip(axes, (mean_iu, boundary), ("mean IU", "boundary IU"), strict=True):
            for row, each in enumerate(scored.values()):
                values = each.values(measure)
                colour = COLOURS[0] if each.name in STAGED else COLOURS[8]
                axis.plot(values, [row] * len(values), "o", color=colour, ms=5, mec="none", alpha=0.8)
                axis.plot(values.mean(), row, "|", color=colour, ms=14, mew=2.5)
            axis.set(xlabel=f"{words}, test pictures")
            axis.grid(axis="y", visible=False)
        axes[0].set_yticks(range(len(scored)), list(scored))
        axes[0].set_ylim(len(scored) - 0.4, -0.6)
    caption = "Dots: seeds; stroke: their mean. Blue: fine-tuned one from the other; grey: for comparison."
    alt = f"Mean IU and boundary IU of {', '.join(scored)}"
    return Figure("scores", "Coarse and fine strides", alt, caption)


def detail(folder: Path, images: np.ndarray, scored: dict[str, Scored]) -> Figure:
    """Pictures, the answers at strides 32, 16 and 8, the truth, and the truth seen at a stride of 32."""
    truth, classes = scored["32s"].truth, scored["32s"].classes
    order = np.argsort([-len(np.unique(each)) for each in truth], kind="stable")[:SHOWN]
    columns = ("picture", *(f"FCN-{name}" for name in STAGED), "truth", "truth at stride 32")
    height = 1.18 * len(order) * truth.shape[1] / truth.shape[2] + 0.3
    options = {"nrows": len(order), "ncols": len(columns), "squeeze": False}
    with figure(folder / "detail.png", 7.4, height, **options) as (_, axes):
        for row, place in zip(axes, order, strict=True):
            maps = [scored[name].predicted[0][place] for name in STAGED]
            maps += [truth[place], through(truth[place], 32, classes)]
            for axis, picture in zip(row, [images[place], *map(_coloured, maps)], strict=True):
                axis.imshow(picture, interpolation="nearest")
                axis.set(xticks=[], yticks=[])
                axis.grid(False)
                for side in axis.spines.values():
                    side.set_visible(False)
        for axis, words in zip(axes[0], columns, strict=True):
            axis.set_title(words, fontsize=8, fontweight="normal", loc="center")
    caption = (
        "Test pictures with the most classes; the first seed's networks. On the right the truth averaged over cells of "
        "32 pixels: no bound, but scores of that stride can draw it, so that what FCN-32s misses beside it is missing "
        "for want of training, not for the stride."
    )
    unlearned = [scored[name].unlearned for name in STAGED if name in scored and scored[name].unlearned]
    caption += f" Not judged, for it has not learned: {'; '.join(unlearned)}." if unlearned else ""
    alt = "Label maps of FCN-32s, 16s and 8s beside the truth"
    return Figure("detail", "What each stride draws", alt, caption, "png")


def curves(folder: Path, runs: dict[str, Run]) -> Figure:
    """Validation loss by epoch."""
    with figure(folder / "curves.svg", 7, 3.2) as (_, axes):
        for colour, (name, run) in zip(COLOURS, runs.items(), strict=False):
            mean = run.mean_curve("val_loss")
            axes.plot(np.arange(1, len(mean) + 1), mean, color=colour, label=name)
        axes.set(xlabel="epoch of its own training", ylabel="validation loss a pixel", ylim=(0, None))
        axes.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1, 1))
    caption = "Means over seeds. FCN-16s begins with FCN-32s's weights, FCN-8s with FCN-16s's."
    return Figure("curves", "Training", f"Validation loss by epoch for {', '.join(runs)}", caption)


def _coloured(labels: np.ndarray) -> np.ndarray:
    colours = voc_palette().copy()
    colours[255] = IGNORED
    return colours[labels]
