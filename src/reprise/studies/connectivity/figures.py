"""The pictures of the connectivity study."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reprise.claims.evidence import Figure
from reprise.plotting import COLOURS, figure
from reprise.runs import Run

LAYERS = ("conv 1", "conv 2", "pool 1", "drop 1", "conv 3", "conv 4", "pool 2", "drop 2")


def evolution(folder: Path, run: Run) -> Figure:
    """Every gate over the epochs, one panel a merge (the source's figure 3)."""
    names = ("image", *LAYERS)
    colours = ("#555f6b", *COLOURS[:8])
    options = {"nrows": 2, "ncols": 4, "sharex": True, "sharey": True}
    with figure(folder / "evolution.svg", 7.6, 4.6, **options) as (drawn, axes):
        for i, axis in enumerate(axes.flat):
            for j in range(i + 2):
                for history in run.history:
                    axis.plot(history["epoch"] + 1, history[f"gate_{i}_{j}"], color=colours[j], lw=0.7, alpha=0.5)
                length = min(len(history["epoch"]) for history in run.history)
                mean = np.mean([history[f"gate_{i}_{j}"][:length] for history in run.history], axis=0)
                style = "--" if j == 0 else "-"
                axis.plot(np.arange(1, length + 1), mean, style, color=colours[j], lw=1.8, label=names[j])
            axis.set_title(f"merge {i}, after {LAYERS[i]}", fontsize=8.5)
        handles, labels = axes.flat[-1].get_legend_handles_labels()
        drawn.legend(
            handles, labels, loc="outside upper center", ncols=9, fontsize=8, columnspacing=1, handlelength=1.4
        )
        drawn.supxlabel("epoch", fontsize=10)
        drawn.supylabel("gate", fontsize=10)
    caption = f"`{run.name}`: 0 closed, 1 open. Thin: seeds; thick: their mean; dashed: the gate of the raw image."
    return Figure("evolution", "How the gates evolve", "Eight panels of gates over epochs", caption)


def final_gates(folder: Path, gates: np.ndarray, start: float | None) -> Figure:
    """The last value of all 44 gates, every seed a dot."""
    labels = [f"{i}.{j}" for i in range(8) for j in range(i + 2)]
    with figure(folder / "final_gates.svg", 7.6, 2.8) as (_, axes):
        where = np.arange(gates.shape[1])
        for row in gates:
            axes.plot(where, row, "o", color=COLOURS[0], ms=4, mec="none", alpha=0.6)
        axes.vlines(where, gates.min(axis=0), gates.max(axis=0), color=COLOURS[0], lw=1)
        raw = [labels.index(f"{i}.0") for i in range(8)]
        axes.plot(where[raw], gates.mean(axis=0)[raw], "s", mfc="none", mec=COLOURS[1], ms=9, label="raw image")
        if start is not None:
            axes.axhline(start, color="#888888", lw=1, ls="--", label="start")
        axes.set_xticks(where, labels, rotation=90, fontsize=7)
        axes.set(xlabel="merge.input", ylabel="gate at the end", xlim=(-1, len(where)))
        axes.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1, 1))
        axes.grid(axis="x", visible=False)
    alt = "Dots for 44 gates, one a seed, with lines from the smallest to the largest"
    return Figure(
        "final_gates", "Are the gates alike from every seed?", alt, f"Each gate's {len(gates)} seeds, joined by a line."
    )


def feature_gates(folder: Path, values: np.ndarray, shared: np.ndarray) -> Figure:
    """Histogram of the gates with one a feature map, and with one an input."""
    low, high = min(values.min(), shared.min()), max(values.max(), shared.max())
    bins = np.linspace(low, high + 1e-9, 41)
    with figure(folder / "feature_gates.svg", 7, 2.6) as (_, axes):
        axes.hist(values, bins, density=True, color=COLOURS[0], alpha=0.6, label=f"one a feature map ({values.size:,})")
        axes.hist(shared, bins, density=True, color=COLOURS[1], alpha=0.6, label=f"one an input ({shared.size:,})")
        axes.set(xlabel="gate at the best epoch", ylabel="density")
        axes.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1, 1))
    return Figure("feature_gates", "Shared and unique gates", "Two histograms of gate values", "All seeds together.")


def architecture(folder: Path, gates: np.ndarray, kept: np.ndarray) -> Figure:
    """Mean final gates as a triangle of merges and inputs; crosses are what pruning removes."""
    table = np.full((8, 9), np.nan)
    cuts = np.zeros((8, 9), bool)
    column = 0
    for i in range(8):
        for j in range(i + 2):
            table[i, j] = gates[:, column].mean()
            cuts[i, j] = kept[:, column].mean() < 0.5
            column += 1
    with figure(folder / "architecture.svg", 6.4, 3.8) as (drawn, axes):
        shown = axes.pcolormesh(table, cmap="viridis", edgecolors="#888888", lw=0.4)
        digits = 2 if np.nanmax(table) - np.nanmin(table) > 0.05 else 3
        middle = (np.nanmin(table) + np.nanmax(table)) / 2
        for i, j in np.argwhere(~np.isnan(table)):
            ink = "#ffffff" if table[i, j] < middle else "#111111"
            axes.text(j + 0.5, i + 0.5, f"{table[i, j]:.{digits}f}", ha="center", va="center", fontsize=7.5, color=ink)
            if cuts[i, j]:
                axes.plot([j + 0.1, j + 0.9], [i + 0.15, i + 0.85], color="#e0403a", lw=1.4)
        axes.set_xticks(np.arange(9) + 0.5, ["image", *LAYERS], rotation=40, fontsize=8)
        axes.set_yticks(np.arange(8) + 0.5, [f"merge {i}" for i in range(8)], fontsize=8)
        axes.invert_yaxis()
        axes.grid(visible=False)
        drawn.colorbar(shown, label="gate, mean over seeds")
    caption = "Struck out: below the threshold, and so not built, in most seeds of the pruned network."
    return Figure("architecture", "What was learned", "A triangle of gate values", caption)
