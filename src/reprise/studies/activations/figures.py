"""The figures of the study of activations."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, figure
from reprise.studies.activations import lesson
from reprise.studies.activations.trained import Best

SHOWN = np.linspace(-5, 5, 401)
HIGHEST = 10.0  # loss that is drawn


def draw_curves(folder: Path) -> Figure:
    """Sigmoid and rectifier with their derivatives, and softplus between."""
    with figure(folder / "activations-curves.svg", 7, 3.0, ncols=2) as (_, (left, right)):
        left.plot(SHOWN, lesson.sigmoid(SHOWN), label="sigmoid")
        left.plot(SHOWN, lesson.sigmoid_slope(SHOWN), "--", color=COLOURS[0], label="its derivative")
        left.axhline(0.235, color=COLOURS[3], lw=1, label="0.235, as the source has it")
        right.plot(SHOWN, lesson.relu(SHOWN), color=COLOURS[1], label="rectifier")
        right.plot(SHOWN, lesson.relu_slope(SHOWN), "--", color=COLOURS[1], label="its derivative")
        right.plot(SHOWN, lesson.softplus(SHOWN), color=COLOURS[2], label="softplus")
        for ax, title in ((left, "Sigmoid"), (right, "Rectifier")):
            ax.set(title=title, xlabel="x")
            ax.legend(fontsize=8)
    return Figure(
        "activations-curves",
        "Two activations and their derivatives",
        "The sigmoid rises from 0 to 1 and its derivative peaks at 0.25. The rectifier is 0 and then x; softplus "
        "rounds its corner.",
    )


def draw_depth(folder: Path, norms: dict[str, np.ndarray]) -> Figure:
    """Gradient norm by layer, median and quartiles over networks."""
    with figure(folder / "activations-depth.svg", 4.6, 3.2) as (_, ax):
        for kind, rows in norms.items():
            layers, relative = np.arange(1, rows.shape[1] + 1), rows / rows[:, -1:]
            low, middle, high = np.quantile(relative, (0.25, 0.5, 0.75), axis=0)
            ax.semilogy(layers, middle, label=kind)
            ax.fill_between(layers, low, high, alpha=0.2)
        ax.set(title="Gradient on its way back", xlabel="layer", ylabel="norm over that of the last layer")
        ax.legend(fontsize=8)
    return Figure(
        "activations-depth",
        "Gradients by depth",
        "Towards the first layer the gradient of sigmoid networks shrinks by orders of magnitude, that of rectifiers "
        "does not.",
        "Random networks of eight layers with the usual first weights; medians and quartiles.",
    )


def draw_rates(folder: Path, kinds: dict[str, Best], images: str) -> Figure:
    """Training loss against the learning rate; the two that are judged stand out."""
    with figure(folder / "activations-rates.svg", 5.4, 3.4) as (_, ax):
        for number, (name, each) in enumerate(kinds.items()):
            middle = np.median(each.losses, axis=1)
            shown, judged = middle <= HIGHEST, name in ("rectifier", "sigmoid")
            look = {"color": COLOURS[number], "lw": 2.4 if judged else 1, "alpha": 1 if judged else 0.6}
            look["zorder"] = 3 if judged else 2
            ax.loglog(each.rates[shown], middle[shown], "o-", ms=5 if judged else 3, label=name, **look)
            height = HIGHEST * 0.8 ** (number + 1)  # one below the other, where they would hide each other
            ax.plot(each.rates[~shown], np.full((~shown).sum(), height), "x", ms=5, **look)
        ax.set(title="Training loss", xlabel="learning rate", ylabel="over the last tenth of the steps")
        ax.set_ylim(top=HIGHEST)
        ax.legend(fontsize=8, ncols=2)
    return Figure(
        "activations-rates",
        "Which learning rates an activation bears",
        "Training loss over the learning rate for eight activations, the rectifier and the sigmoid drawn boldly: the "
        "sigmoid needs larger rates than the others.",
        f"{images}; medians over seeds. A cross at the top: the loss is above {HIGHEST:g}, or most networks diverged.",
    )
