"""Classification as the papers on residual networks and calibration train: gradient descent in steps, to the end."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from reprise.tasks.classify import Classify


class Stepwise(Classify):
    """Cross-entropy by gradient descent with Nesterov's momentum, or Adam; the rate is divided by ten at given epochs.

    The settings' further fields: ``momentum`` in [0, 1), 0 for Adam; ``drops``, shares of all epochs in (0, 1).
    """

    def optimizer(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        settings = self.settings
        if not settings.momentum:
            return super().optimizer(parameters)
        return torch.optim.SGD(
            parameters,
            lr=settings.learning_rate,
            momentum=settings.momentum,
            nesterov=True,
            weight_decay=settings.weight_decay,
        )

    def rate(self, epoch: float) -> float:
        settings = self.settings
        return 0.1 ** sum(int(epoch) >= share * settings.epochs for share in settings.drops)
