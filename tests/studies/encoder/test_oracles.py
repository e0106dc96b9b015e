"""What claim 46 is checked against holds, and would not if the two losses were put together otherwise."""

from __future__ import annotations

import pytest
import torch.nn.functional as F

from reprise.studies.encoder.oracles import BAND, oracle
from reprise.tasks.reconstruct import Reconstruct

WEIGHTS = (0.01, 0.1, 1.0)


def test_the_loss_of_both_is_that_of_its_oracle():
    finding = oracle(WEIGHTS)
    assert (finding.claim, finding.verdict, finding.effect.n) == (46, "reproduced", 4 * 32)


@pytest.mark.parametrize("share", [lambda weight: 1 - weight, lambda weight: 1.0])
def test_a_loss_that_weighs_otherwise_is_seen(monkeypatch, share):
    def loss(self, batch):
        images = self.images(batch)
        code, decoded = self.model(images)
        weight = self.settings.label_weight
        labels = F.cross_entropy(self.model.labels(code), batch["label"].long(), reduction="sum")
        return share(weight) * F.mse_loss(decoded, images) + weight * labels

    monkeypatch.setattr(Reconstruct, "loss", loss)
    finding = oracle(WEIGHTS)
    assert finding.verdict == "contradicted"
    assert finding.effect.value > 100 * BAND
