"""Claims 139 and 140: what gates change, before training and after it."""

from __future__ import annotations

from typing import Any

import numpy as np

from reprise.claims.declarations import Declaration, Declarations
from reprise.claims.evidence import Finding, above, below, primary
from reprise.statistics import SHARES_APART, Effect, exact, mean_effect, seeds_effect
from reprise.studies.recurrence import parity
from reprise.studies.recurrence.lesson.cells import GRU, LSTM, initial_weights, parameter_count
from reprise.studies.recurrence.lesson.unfolding import backward, forward
from reprise.studies.recurrence.networks import INPUTS, NETWORKS, OPEN, OPENED, open_gate
from reprise.studies.recurrence.recall import Recall
from reprise.studies.recurrence.settings import Config, Gains

CUT_OFF = 0.02  # fall of the training loss, from one tenth of the updates to the next, from which it goes on
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


def withheld(declared: Declaration, effect: Effect, falling: float) -> str:
    """Why a share of seeds that hold one number may not be judged, whichever side of the band it lies on."""
    verdict = declared.expect.judge(effect)
    if verdict == "reproduced":
        return "to hold a number shows so much for this task and lag alone"
    if verdict == "contradicted" and falling > CUT_OFF:
        return f"training was cut off: its loss still fell by {100 * falling:.0f} % over the last tenth of the updates"
    return ""


def findings(declared: Declarations, config: Config, reach: Reach, recall: Recall) -> list[Finding]:
    """Agreement with PyTorch, numbers that are held and gradients that arrive, for the LSTM and for the GRU."""
    back, lag = len(reach["RNN"]) // 2, config.memory.lags[-1]
    sizes, shown = (INPUTS, config.gains.hidden), ("recurrence_memory",)
    budget = f"{lag} steps, {config.memory.updates} updates; the learning rate with the lowest training loss."

    def told(name: str) -> str:
        return f"{budget} Median of the variance explained: {round(100 * np.median(recall.held[name][-1]))} %."

    def judged(claim: int, name: str) -> Finding:
        effect = recall.share(name, declared[claim].level(len(recall.holds(name))))
        undecided = withheld(declared[claim], effect, recall.falling[name])
        return primary(declared[claim], effect, undecided=undecided, note=told(name), figures=shown)

    def beside(claim: int, name: str, **more: Any) -> Finding:
        apart = recall.holds(name).astype(float) - recall.holds("RNN")
        words = f"Share of seeds that hold a number over {lag} steps, {name} minus RNN"
        effect = seeds_effect(apart, "share of seeds", SHARES_APART, together=2)
        return Finding(claim, words, effect, figures=shown, **more)

    def arrives(claim: int, name: str, together: int = 1, **more: Any) -> Finding:
        logs = {n: np.log10(np.maximum(reach[n][back], 1e-300)) for n in (name, "RNN")}
        effect = mean_effect(logs[name] - logs["RNN"], unit="decades", together=together)
        words = f"Gradient that arrives from {back} steps back before training, {name} over RNN"
        return Finding(claim, words, effect, figures=shown, **more)

    better = {"expect": above(0.0), "kind": "secondary"}
    opened = f"Keep-gate bias {OPEN:g} at the start, near which the LSTM of 1997 was, which had no keep gate."
    return [
        Finding(
            139,
            f"Share of seeds in which an LSTM from a library's first weights holds a number over {lag} steps",
            recall.share("LSTM"),
            note=told("LSTM"),
            figures=shown,
        ),
        parity.finding(139, LSTM, config.cases),
        beside(139, "LSTM"),
        arrives(139, "LSTM", note="Keep gates near 1/2 halve the memory at every step."),
        Finding(
            139, f"The same share, {OPENED}", recall.share(OPENED), variant="corrected", note=opened, figures=shown
        ),
        arrives(139, OPENED, variant="corrected", note=opened),
        Finding(
            139,
            f"Accuracy on one of four symbols {lag} steps back, LSTM minus RNN",
            seeds_effect(100 * (recall.latched["LSTM"] - recall.latched["RNN"]), unit="points"),
            note=f"{budget} A plain network can latch symbols by saturating; what it loses is numbers.",
        ),
        judged(140, "GRU"),
        parity.finding(140, GRU, config.cases),
        Finding(
            140,
            "Parameters of a GRU over those of an LSTM of the same sizes",
            exact(parameter_count(GRU, *sizes) / parameter_count(LSTM, *sizes)),
            below(1.0),
            kind="secondary",
            published="S3: fewer parameters",
            note="Three gates for four: 3/4, exact for any sizes.",
        ),
        beside(140, "GRU", **better),
        arrives(140, "GRU", 2, **better),
    ]
