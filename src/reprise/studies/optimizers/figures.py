"""The figure of the source: accuracy against learning rate, four optimizers, without dropout and with it."""

from __future__ import annotations

from pathlib import Path

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, figure
from reprise.studies.optimizers.curves import NAMES, USEFUL, Kinds, words


def draw_rates(folder: Path, kinds: Kinds, chance: float) -> Figure:
    """Means over seeds, and bands from the lowest seed to the highest; bars below mark the useful rates."""
    dropouts = sorted({dropout for _, dropout in kinds})
    seeds = max(each.values.shape[1] for each in kinds.values())
    with figure(folder / "optimizers-rates.svg", 7, 3.6, ncols=len(dropouts), sharey=True, squeeze=False) as (_, axes):
        for ax, dropout in zip(axes[0], dropouts, strict=True):
            ax.axhline(chance, color=COLOURS[8], lw=1, ls=":")
            for place, (optimizer, name) in enumerate(NAMES.items()):
                if (each := kinds.get((optimizer, dropout))) is None:
                    continue
                ax.fill_between(
                    each.rates, each.values.min(axis=1), each.values.max(axis=1), color=COLOURS[place], alpha=0.2, lw=0
                )
                ax.plot(each.rates, each.values.mean(axis=1), color=COLOURS[place], label=name)
                ax.plot(
                    each.useful,
                    [-0.04 - 0.035 * place] * 2,
                    "|-",
                    color=COLOURS[place],
                    ms=5,
                    mew=2,
                    solid_capstyle="butt",
                )
            ax.set(title=words(dropout).capitalize(), xscale="log", xlabel="learning rate", ylim=(-0.18, 1))
            ax.set_yticks((0, 0.25, 0.5, 0.75, 1))
        axes[0, 0].set_ylabel("test accuracy")
        axes[0, 0].legend(fontsize=8, loc="upper left")
    return Figure(
        "optimizers-rates",
        "Four optimizers across learning rates",
        "Test accuracy against learning rate on a log scale, a line an optimizer, one panel without dropout and one "
        "with it. Bars below show from which rate to which each optimizer is of use.",
        f"After one epoch; bands reach from the lowest to the highest of {seeds} seeds. Bars: rates with at least "
        f"{USEFUL:.0%} of the optimizer's own best accuracy. Dotted: chance.",
    )
