"""The small network of claims 114 and 120."""

from __future__ import annotations

import numpy as np
import torch

from reprise.models.zoo.cost import parameter_count
from reprise.studies.architectures import pattern
from reprise.studies.architectures.pattern import Trained
from reprise.studies.architectures.settings import Pattern

CONFIG = Pattern(seeds=2, test_images=900, epochs=1, batch_size=64, learning_rate=0.003)


def test_the_network_has_the_size_of_its_layers_and_gives_logits():
    assert parameter_count(pattern.network()) == pattern.BY_HAND == 19_178
    assert pattern.network()(torch.zeros(3, 1, 8, 8)).shape == (3, 10)
    assert pattern.linear()(torch.zeros(3, 1, 8, 8)).shape == (3, 10)


def test_one_entry_a_seed_and_image_and_seeds_differ():
    trained = pattern.train(CONFIG)
    assert trained.network.shape == trained.linear.shape == (2, 900)
    assert set(np.unique(trained.network)) <= {0.0, 1.0}
    assert (trained.network[0] != trained.network[1]).any()
    assert trained.network.mean() > 0.2  # chance is 0.1


def test_tags_are_those_of_the_layers_by_numpy_and_others_are_seen(monkeypatch):
    config = CONFIG.model_copy(update={"test_images": 300})
    assert pattern.train(config).told_apart == (0, 600)
    right = pattern.convolved
    monkeypatch.setattr(pattern, "convolved", lambda x, filters, bias: right(x, filters[..., ::-1], bias))
    assert pattern.train(config).told_apart[0] > 60


def test_differences_are_paired_image_by_image():
    right = np.array([[1.0, 1, 0, 1, 0, 1], [1, 0, 1, 1, 0, 1]])
    size, alone, minus, tagging, tags = pattern.findings(Trained(right, right - 0.5, 1, (1, 12)))
    assert (size.kind, size.verdict) == ("oracle", "contradicted")  # one parameter is not what the layers have
    assert (tags.kind, tags.verdict, tags.effect.n) == ("oracle", "contradicted", 12)  # one is counted otherwise
    assert (minus.effect.value, minus.effect.low, minus.effect.high) == (50, 50, 50)
    assert alone.effect == tagging.effect
    assert {finding.kind for finding in (alone, minus, tagging)} == {"context"}
