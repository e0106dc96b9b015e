"""Our cells, unfolding and gradients against PyTorch's, on random networks (claims 133, 134, 139 and 140)."""

from __future__ import annotations

import numpy as np
import torch

from reprise.claims.evidence import Finding, below
from reprise.statistics import exact
from reprise.studies.recurrence.lesson.cells import Cell, Weights
from reprise.studies.recurrence.lesson.unfolding import stacked_backward, stacked_forward
from reprise.studies.recurrence.networks import INPUTS

TOLERANCE = 1e-6


def gap_to_torch(cell: Cell, depth: int, cases: int) -> float:
    """Largest difference from torch.nn of outputs, input gradients and weight gradients, over random networks."""
    rng = np.random.default_rng(134)
    worst = 0.0
    for case in range(cases):
        hidden, steps, batch = (int(n) for n in rng.integers((2, 1, 1), (9, 16, 5)))
        torch.manual_seed(case)
        theirs = getattr(torch.nn, cell.__name__)(INPUTS, hidden, num_layers=depth, dtype=torch.float64)
        layers = [Weights(*(p.detach().numpy() for p in layer)) for layer in theirs.all_weights]
        inputs, d_outputs = rng.normal(size=(steps, batch, INPUTS)), rng.normal(size=(steps, batch, hidden))
        tensor = torch.from_numpy(inputs).requires_grad_()
        outputs, _ = theirs(tensor)
        (outputs * torch.from_numpy(d_outputs)).sum().backward()
        traces = stacked_forward(cell, layers, inputs)
        gradients, d_inputs = stacked_backward(cell, layers, inputs, traces, d_outputs)
        pairs = [(traces[-1].outputs, outputs.detach()), (d_inputs, tensor.grad)]
        for gradient, layer in zip(gradients, theirs.all_weights, strict=True):
            pairs += [(ours, parameter.grad) for ours, parameter in zip(gradient, layer, strict=True)]
        worst = max(worst, *(float(np.abs(ours - other.numpy()).max()) for ours, other in pairs))
    return worst


def finding(claim: int, cell: Cell, cases: int) -> Finding:
    """One layer of a cell."""
    name = cell.__name__
    return Finding(
        claim,
        f"Largest difference of our {name} from PyTorch's: outputs and all gradients",
        exact(gap_to_torch(cell, 1, cases), cases),
        below(TOLERANCE),
        kind="oracle",
        oracle=f"torch.nn.{name} and autograd",
    )
