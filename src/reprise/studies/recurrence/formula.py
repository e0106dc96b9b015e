"""Claim 135: the gradient as a sum over earlier steps, each with its product of Jacobians."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, primary
from reprise.statistics import NOT_NEGATIVE, exact, mean_effect
from reprise.studies.recurrence.lesson.cells import RNN, Weights, initial_weights
from reprise.studies.recurrence.lesson.jacobians import bptt_terms, recurrent_matrix
from reprise.studies.recurrence.lesson.unfolding import forward
from reprise.studies.recurrence.networks import INPUTS

HIDDEN, STEPS, RADIUS = 16, 24, 0.95
KEPT = 5  # terms of the truncated sum


@dataclass(frozen=True)
class Terms:
    """The formula on random networks, with the loss at the last of so many steps.

    Attributes:
        gap: (networks,) largest difference of the sum from autograd's gradient by W.
        norms: (networks, steps) of the terms; the index counts steps back from the loss.
        missing: (networks, steps) share of the gradient that is left out by the sum of the first 1, 2, ... of them.
    """

    gap: np.ndarray
    norms: np.ndarray
    missing: np.ndarray


def measure(cases: int) -> Terms:
    """The terms on so many random networks."""
    rng = np.random.default_rng(135)
    gaps, norms, missing = [], [], []
    for _ in range(cases):
        weights = Weights(*(array[0] for array in initial_weights(rng, RNN, INPUTS, HIDDEN)))
        weights = weights._replace(U=recurrent_matrix(rng, 1, HIDDEN, RADIUS)[0])
        inputs, goal = rng.normal(size=(STEPS, INPUTS)), rng.normal(size=HIDDEN)
        states = forward(RNN, weights, inputs[:, None]).outputs[:, 0]
        terms = bptt_terms(weights, inputs, states, states[-1] - goal)
        full = terms.sum(axis=0)
        gaps.append(np.abs(full - gradient_of_torch(weights, inputs, goal)).max())
        norms.append(np.linalg.norm(terms, axis=(1, 2))[::-1])
        rest = full - np.cumsum(terms[::-1], axis=0)
        missing.append(np.linalg.norm(rest, axis=(1, 2)) / np.linalg.norm(full))
    return Terms(np.array(gaps), np.array(norms), np.array(missing))


def gradient_of_torch(weights: Weights, inputs: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """(h, d): autograd's gradient by W of half the squared distance of the last state from ``goal``."""
    network = torch.nn.RNN(inputs.shape[-1], len(goal), dtype=torch.float64)
    with torch.no_grad():
        for parameter, value in zip(network.all_weights[0], weights, strict=True):
            parameter.copy_(torch.from_numpy(value))
    last = network(torch.from_numpy(inputs)[:, None])[0][-1, 0]
    (((last - torch.from_numpy(goal)) ** 2).sum() / 2).backward()
    return network.weight_ih_l0.grad.numpy()


def findings(declared: Declaration, terms: Terms) -> list[Finding]:
    """The whole sum, and what is lost where it is cut."""
    return [
        primary(
            declared,
            exact(terms.gap.max(), len(terms.gap)),
            oracle="torch autograd",
            note="∂s_k/∂W with the state before held fixed.",
            figures=("recurrence_terms",),
        ),
        Finding(
            135,
            "Share of the gradient that is missing when the sum stops five steps back (truncated backpropagation)",
            mean_effect(terms.missing[:, KEPT - 1], "of the norm", NOT_NEGATIVE),
            note=f"Spectral radius {RADIUS:g}, tanh, {STEPS} steps: the far terms are small because the Jacobians "
            "vanish.",
            figures=("recurrence_terms",),
        ),
    ]
