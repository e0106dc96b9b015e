"""The networks that the study compares, and which of them learn what."""

from __future__ import annotations

from typing import NamedTuple

from reprise.studies.recurrence.lesson.cells import GRU, LSTM, RNN, Cell, Weights

INPUTS = 8  # numbers a step, where nothing is trained
OPEN = 3.0  # bias of an open keep gate: sigmoid(3) = 0.95; the LSTM of 1997 had none, as if it were always 1
OPENED = "open LSTM"


class Network(NamedTuple):
    """A cell, and what is added to the bias of its keep gate at the start, if it has one."""

    cell: Cell
    keep_bias: float = 0.0


# every one of them learns to hold a number
NETWORKS = {"RNN": Network(RNN), "LSTM": Network(LSTM), OPENED: Network(LSTM, OPEN), "GRU": Network(GRU)}
JUDGED = ("RNN", "LSTM", "GRU")  # of which all seeds are trained at the longest lag: claim 140 is judged there
LATCHING = ("RNN", "LSTM")  # those that also learn to hold a symbol
ECHOING, ECHO_STEPS = "RNN", 12  # the one that names the symbol before at every step, and how many steps


def open_gate(network: Network, weights: Weights) -> None:
    """Adds the keep gate's bias to weights of an LSTM, in place; gates lie in the order i, f, g, o."""
    if network.cell is LSTM:
        hidden = weights.U.shape[-1]
        weights.b[:, hidden : 2 * hidden] += network.keep_bias
