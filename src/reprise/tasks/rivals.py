"""A generator and a critic against each other, in turn or at once (claim 99)."""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reprise.data.batches import Batch
from reprise.tasks.task import Sums, Task

BETAS = (0.5, 0.999)  # of Adam, as Radford, Metz and Chintala (2016) have it


class Rivals(Task):
    """The critic tells real from drawn; the generator makes it say "real" (the loss that does not saturate).

    ``model`` is a `reprise.models.gan.Gan`. Where ``settings.turns`` is set the two step one after the other, each with
    the other frozen; else one step moves both, each down the gradient of its own loss at the weights before the step.
    Predictions are ``critic``, (n,): the critic's logits of the images.
    """

    def players(self) -> dict[str, nn.Module]:
        if not self.settings.turns:
            return {}
        return {"critic": self.model.critic, "generator": self.model.generator}

    def loss_of(self, player: str, batch: Batch) -> Tensor:
        if player == "generator":
            drawn = self._drawn(batch)
            return F.softplus(-self.model.judge(drawn, batch["label"])).float().mean()
        real, drawn = self._real(batch), self._drawn(batch)
        labels = batch["label"]
        right = F.softplus(-self.model.judge(real, labels)), F.softplus(self.model.judge(drawn, labels))
        return sum(each.float().mean() for each in right)

    def loss(self, batch: Batch) -> Tensor:
        """The sum of both players' losses, each with gradients for its own player alone.

        The gradient of the plain sum would teach nothing: of a drawn image with logit d both losses add up to
        softplus(d) + softplus(-d), which is least at d = 0, where the critic knows nothing.
        """
        critic, generator = self.model.critic, self.model.generator
        total = torch.zeros((), device=batch["label"].device)
        for name, player, other in (("critic", critic, generator), ("generator", generator, critic)):
            player.requires_grad_(True)
            other.requires_grad_(False)  # while the loss is computed; both step
            total = total + self.loss_of(name, batch)
        critic.requires_grad_(True)
        return total

    def validate(self, batch: Batch) -> Sums:
        """Share of real images that the critic calls real."""
        real = self.model.judge(self._real(batch), batch["label"]) > 0
        return {"val_called_real": (real.sum(), len(real))}

    def measures(self) -> dict[str, Tensor | float]:
        """No number: the epoch's sheet is kept in the network."""
        self.model.keep_sheet()
        return {}

    def predict(self, batch: Batch) -> dict[str, Tensor]:
        return {"critic": self.model.judge(self._real(batch), batch["label"]).float()}

    def optimizer(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.Adam(parameters, lr=self.settings.learning_rate, betas=BETAS, fused=True)

    @staticmethod
    def _real(batch: Batch) -> Tensor:
        return batch["image"].permute(0, 3, 1, 2).float() / 127.5 - 1

    def _drawn(self, batch: Batch) -> Tensor:
        labels = batch["label"]
        codes = torch.randn(len(labels), self.model.latent, device=labels.device)
        return self.model.draw(codes, labels)
