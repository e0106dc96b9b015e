"""Claims 139 and 140: what gates change, before training and after it."""

from __future__ import annotations

from typing import Any

import numpy as np

from reprise.claims.evidence import Finding, above, equals
from reprise.statistics import exact, mean_effect, seeds_effect
from reprise.studies.recurrence import parity
from reprise.studies.recurrence.lesson.cells import GRU, LSTM, initial_weights, parameter_count
from reprise.studies.recurrence.lesson.unfolding import backward, forward
from reprise.studies.recurrence.networks import INPUTS, NETWORKS, OPEN, OPENED, open_gate
from reprise.studies.recurrence.recall import Recall
from reprise.studies.recurrence.settings import Config, Gains

Reach = dict[str, np.ndarray]  # network -> (steps, networks)


def measure_reach(config: Gains) -> Reach:
    """Norm of the last output's gradient by the input of 0, 1, 2, ... steps before, in random networks."""
    result = {}
    for name, network in NETWORKS.items():
        rng = np.random.default_rng(139)
        weights = initial_weights(rng, network.cell, INPUTS, config.hidden, config.networks)
        open_gate(network, weights)
        inputs = rng.normal(size=(config.steps, config.networks, 1, INPUTS))
        trace = forward(network.cell, weights, inputs)
        d_outputs = np.zeros_like(trace.outputs)
        d_outputs[-1] = rng.normal(size=d_outputs[-1].shape)
        _, d_inputs, _ = backward(network.cell, weights, inputs, trace, d_outputs)
        result[name] = np.linalg.norm(d_inputs, axis=(-2, -1))[::-1]
    return result


def findings(config: Config, reach: Reach, recall: Recall) -> list[Finding]:
    """Agreement with PyTorch, gradients that arrive, numbers that are held, for the LSTM and for the GRU."""
    back, lag = len(reach["RNN"]) // 2, config.memory.lags[-1]
    sizes = INPUTS, config.gains.hidden
    budget = f"{config.memory.updates} updates for every network; the learning rate with the lowest training loss."
    solves = "S3: introduced to solve the vanishing gradient problem"
    efficient = "S3: efficiently learn long-range dependency by preventing the vanishing gradient problem"
    held, latched = recall.held, recall.latched

    def arrives(claim: int, name: str, **more: Any) -> Finding:
        logs = {n: np.log10(np.maximum(reach[n][back], 1e-300)) for n in (name, "RNN")}
        return Finding(
            claim,
            f"Gradient that arrives from {back} steps back before training, {name} over RNN",
            mean_effect(logs[name] - logs["RNN"], unit="decades"),
            figures=("recurrence_memory",),
            **more,
        )

    def holds(claim: int, name: str, other: str = "RNN", note: str = "", **more: Any) -> Finding:
        return Finding(
            claim,
            f"Variance explained of a number {lag} steps back, {name} minus {other}",
            seeds_effect(100 * (held[name][-1] - held[other][-1]), unit="points"),
            figures=("recurrence_memory",),
            note=f"{budget} {note}".strip(),
            **more,
        )

    open_note = f"Keep-gate bias {OPEN:g} at the start; the usual start does not do it (below)."
    return [
        parity.finding(139, LSTM, config.cases),
        arrives(139, OPENED, expect=above(0.0), variant="corrected", published=solves),
        holds(139, OPENED, expect=above(0.0), variant="corrected", published=solves, note=open_note),
        arrives(139, "LSTM", kind="context", note="Keep gates near 1/2 halve the memory at every step."),
        holds(139, "LSTM", kind="context", note="The architecture alone is not enough: its keep gate must open first."),
        Finding(
            139,
            f"Accuracy on one of four symbols {lag} steps back, {OPENED} minus RNN",
            seeds_effect(100 * (latched[OPENED] - latched["RNN"]), unit="points"),
            kind="context",
            note=f"{budget} A plain network can latch symbols by saturating; what it loses is numbers.",
        ),
        parity.finding(140, GRU, config.cases),
        Finding(
            140,
            "Parameters of a GRU over those of an LSTM of the same sizes",
            exact(parameter_count(GRU, *sizes) / parameter_count(LSTM, *sizes)),
            equals(0.75),
            published="S3: fewer parameters",
            note="Three gates for four; exact for any sizes.",
        ),
        arrives(140, "GRU", expect=above(0.0), published=efficient),
        holds(140, "GRU", expect=above(0.0), published=efficient),
        holds(140, "GRU", OPENED, kind="context"),
    ]
