"""Claims 133 and 134: a network unfolded over time, trained on the sum of its losses; several layers of it."""

from __future__ import annotations

from reprise.claims.evidence import Finding, below
from reprise.statistics import exact, seeds_effect
from reprise.studies.recurrence.lesson.cells import CELLS, RNN
from reprise.studies.recurrence.networks import ECHO_STEPS
from reprise.studies.recurrence.parity import TOLERANCE, gap_to_torch
from reprise.studies.recurrence.recall import Echoed


def findings(cases: int, echoed: Echoed) -> list[Finding]:
    """The gradient of the sum of losses is PyTorch's, in one layer and in three; and the sum falls."""
    return [
        Finding(
            133,
            "Sum of the step losses after training minus before, a plain network that echoes the symbol before",
            seeds_effect(echoed.fall, unit="nats"),
            note=f"Many to many: {ECHO_STEPS} steps, each with its loss; accuracy after training "
            f"{100 * echoed.accuracy.mean():.1f} %.",
        ),
        Finding(
            133,
            "Largest difference of the gradient of the summed losses from PyTorch's on the unfolded graph",
            exact(gap_to_torch(RNN, 1, cases), cases),
            below(TOLERANCE),
            kind="oracle",
            oracle="torch.nn.RNN and autograd",
        ),
        Finding(
            134,
            "Largest difference of three stacked layers from PyTorch's: outputs and all gradients, RNN, LSTM and GRU",
            exact(max(gap_to_torch(cell, 3, cases) for cell in CELLS.values()), 3 * cases),
            below(TOLERANCE),
            kind="oracle",
            oracle="torch.nn.RNN, LSTM and GRU with num_layers=3",
        ),
    ]
