"""What comes through deep random networks, layer by layer, for the first weights that claims 159 and 161 speak of."""

from __future__ import annotations

import numpy as np

from reprise.studies.initialisation import lesson
from reprise.studies.initialisation.settings import Config

Signals = dict[tuple[str, str], dict[str, np.ndarray]]  # (activation, scheme) -> name -> (seeds, depth)


def measure(config: Config) -> Signals:
    """(activation, scheme) -> (seeds, depth) arrays of what came through: see `lesson.Signal` for their names."""
    n = config.width
    schemes = {"N(0, 1)": 1.0, "N(0, 0.01²)": 0.01, "Xavier": lesson.xavier_deviation(n), "He": lesson.he_deviation(n)}
    wanted = [(a, s) for a in ("tanh", "ReLU") for s in schemes] + [("linear", "Xavier")]
    runs: dict[tuple[str, str], list[lesson.Signal]] = {key: [] for key in wanted}
    for seed in range(config.seeds):  # all schemes share each seed's draws
        rng = np.random.default_rng([159, seed])
        weights = rng.normal(size=(config.depth, n, n))
        inputs, upstream = rng.normal(size=(2, config.examples, n))
        for activation, scheme in wanted:
            signal = lesson.through_layers(activation, schemes[scheme], weights, inputs, upstream)
            runs[activation, scheme].append(signal)
    names = ("moments", "variances", "saturated", "gradients", "by_weights")
    return {key: {name: np.array([getattr(r, name) for r in row]) for name in names} for key, row in runs.items()}


def growth(rows: np.ndarray) -> np.ndarray:
    """(seeds,): log10 of the last layer's value over the first's, from (seeds, depth)."""
    return np.log10(rows[:, -1] / rows[:, 0])


def smaller(signals: Signals, activation: str, layer: int) -> np.ndarray:
    """(seeds,): log10 of one layer's gradient by the weights, with small first weights over He's."""
    small, usual = (signals[activation, scheme]["by_weights"][:, layer] for scheme in ("N(0, 0.01²)", "He"))
    return np.log10(small / usual)


def factor(rows: np.ndarray) -> np.ndarray:
    """(seeds,): by how much each layer multiplies, the geometric mean over layers, from (seeds, depth)."""
    return 10 ** (growth(rows) / (rows.shape[1] - 1))
