"""Classification as the papers on residual networks and calibration train: gradient descent in steps, to the end."""

from __future__ import annotations

import torch
from torch import Tensor

from reprise.tasks.classify import Classify


class Stepwise(Classify):
    """Cross-entropy by gradient descent with Nesterov's momentum, or Adam; the rate is divided by ten at given epochs.

    The weights of the last epoch are kept in ``last_weights`` beside those of the least validation loss: stopping where
    the loss is least is itself a remedy against overconfidence, so calibration is judged on the former.

    The settings' further fields: ``momentum`` in [0, 1), 0 for Adam; ``drops``, shares of all epochs in (0, 1).
    """

    last_weights: dict[str, Tensor]

    def optimizer(self) -> torch.optim.Optimizer:
        settings = self.settings
        if not settings.momentum:
            return super().optimizer()
        return torch.optim.SGD(
            self.model.parameters(),
            lr=settings.learning_rate,
            momentum=settings.momentum,
            nesterov=True,
            weight_decay=settings.weight_decay,
        )

    def on_train_epoch_start(self) -> None:
        super().on_train_epoch_start()
        # from the epoch alone, so that a resumed run needs no schedule to be restored
        passed = sum(self.current_epoch >= share * self.settings.epochs for share in self.settings.drops)
        for group in self.optimizers().param_groups:
            group["lr"] = self.settings.learning_rate * 0.1**passed

    def on_fit_end(self) -> None:
        self.last_weights = {name: t.detach().to("cpu", copy=True) for name, t in self.model.state_dict().items()}
