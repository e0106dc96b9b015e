"""The figure of the study of batch norm."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, figure
from reprise.studies.normed.trained import FIGURE, LEARNED, Kinds


def draw_rates(folder: Path, kinds: Kinds, images: str) -> Figure:
    """Test accuracy against the learning rate, for each activation and place."""
    activations = list(dict.fromkeys(activation for activation, _ in kinds))
    with figure(folder / f"{FIGURE}.svg", 7, 3.0, ncols=len(activations), sharey=True) as (_, axes):
        for ax, activation in zip(axes, activations, strict=True):
            for number, place in enumerate(("none", "before", "after")):
                each = kinds[activation, place]
                gone = np.isinf(each.losses)
                left = gone.mean(axis=1) <= 0.5  # where most diverged there is no accuracy to show, but a cross below
                kept = np.where(gone[left], np.nan, each.accuracies[left])
                low, middle, high = np.nanquantile(kept, (0.25, 0.5, 0.75), axis=1)
                ax.semilogx(each.rates[left], middle, "o-", ms=3, color=COLOURS[number], label=place)
                ax.fill_between(each.rates[left], low, high, color=COLOURS[number], alpha=0.2)
                ax.plot(each.rates[~left], np.full((~left).sum(), -0.05 * (number + 1)), "x", color=COLOURS[number])
            ax.axhline(LEARNED, color=COLOURS[8], lw=0.8, ls=":")
            ax.set(title=activation.capitalize(), xlabel="learning rate")
        axes[0].set_ylabel("test accuracy")
        axes[0].legend(fontsize=8)
    return Figure(
        FIGURE,
        "Which learning rates a network bears, with batch norm and without",
        "Test accuracy over the learning rate for three activations, without batch norm, with it before and after the "
        "activation.",
        f"{images}; medians and quartiles over seeds. Dotted: what is called to learn. A cross below: most diverged.",
    )
