"""Claim 24 is built and has no verdict; pictures that come nearer to both than noise, or do not, are told apart."""

from __future__ import annotations

import numpy as np
import pytest
from tests.studies import made_up

from reprise.claims.evidence import Evidence
from reprise.inside import style
from reprise.inside.gradients import activations
from reprise.networks import load_networks
from reprise.studies.stylisation.oracles import oracle
from reprise.studies.stylisation.painter import painter, trunk
from reprise.studies.stylisation.pictures import painting, photograph
from reprise.studies.stylisation.probe import probe
from reprise.studies.stylisation.settings import LAYERS, PAIRS, WEIGHTS

STUDY, SEEDS = "stylisation", made_up.SEEDS
SHAPE = (SEEDS, len(PAIRS), len(WEIGHTS))


def answers(content, style, begun=5.0):
    """Losses at the end by weight, in their units, which differ from pair to pair; ``begun``: both, of the noise."""
    rng = np.random.default_rng(0)
    unit = np.tile(np.array([[100.0, 3.0], [40.0, 8.0], [7.0, 1e4]]), (SEEDS, 1, 1))

    def losses(ends, place):
        ends = np.broadcast_to(ends, SHAPE) * rng.uniform(0.999, 1.001, SHAPE)
        return np.stack([np.full(SHAPE, begun), ends], axis=-1) * unit[:, :, None, None, place]

    pictures = {
        "painted": rng.random((*SHAPE, 32, 32, 3)),
        "pictures": rng.random((SEEDS, len(PAIRS), 2, 32, 32, 3)),
    }
    found = {"content": losses(content, 0), "style": losses(style, 1), "unit": unit, "source": unit * 0.5}
    return {name: array.astype(np.float32) for name, array in (found | pictures).items()}


def study(folder, accuracy=0.9, **losses) -> Evidence:
    space = made_up.workspace(STUDY, folder)
    made_up.write_run(space, "network", accuracy)
    made_up.write_probe(space, "network", **answers(**losses))
    return made_up.evaluate(space)


TRADED = {"content": np.array([0.1, 0.2, 0.4, 0.8, 1.5]), "style": np.array([0.8, 0.3, 0.1, 0.03, 0.01])}


def test_pictures_that_combine_both_hold_and_the_weight_trades(tmp_path):
    evidence = study(tmp_path, **TRADED)
    assert evidence.declared[24].kind("real") == "built"
    assert made_up.verdicts(evidence, 24) == []
    assert made_up.verdicts(evidence, 24, "secondary") == ["reproduced"] * 3
    assert made_up.verdicts(evidence, 24, "oracle") == ["reproduced"]
    assert [row[0] for row in evidence.tables[-1].rows] == ["0.01", "0.1", "1", "10", "100"]


@pytest.mark.parametrize("side", ["content", "style"])
def test_pictures_that_are_no_nearer_to_one_side_than_noise_are_told(tmp_path, side):
    evidence = study(tmp_path, begun=0.8, **(TRADED | {side: np.full(5, 0.9)}))  # below 1, as the noise is
    assert made_up.verdicts(evidence, 24, "secondary")[:2] == ["contradicted"] * 2


def test_losses_that_rise_are_told(tmp_path):
    evidence = study(tmp_path, begun=0.001, **TRADED)
    assert made_up.verdicts(evidence, 24, "secondary") == ["contradicted", "reproduced", "contradicted"]


def test_networks_that_have_not_learned_decide_nothing(tmp_path):
    assert made_up.verdicts(study(tmp_path, accuracy=0.3, **TRADED), 24, "secondary") == ["inconclusive"] * 3


def test_a_trained_network_paints_every_pair_at_every_weight(tmp_path):
    space = made_up.workspace(STUDY, tmp_path, 1)
    made_up.train(space, "network")
    network = next(load_networks(space, "network"))
    found = probe(network, space)
    size = space.config.probe.size
    assert found["painted"].shape == (len(PAIRS), len(WEIGHTS), size, size, 3)
    assert all(np.isfinite(array).all() for array in found.values())
    assert (found["unit"] > 0).all()
    model, layers = painter(space)
    images = np.stack([photograph("astronaut", 32), painting("dots", 32)])
    import torch

    tensor = torch.from_numpy(images).permute(0, 3, 1, 2)
    inside = activations(network.model, ["conv4"])(network.task.images({"image": torch.from_numpy(images * 255)}))[0]
    torch.testing.assert_close(activations(model, layers)(tensor)[-1], inside)  # the trunk is the network's own
    assert layers == LAYERS
    assert not any(parameter.requires_grad for parameter in trunk(network).parameters())


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("gram", lambda features: features.flatten(2) @ features.flatten(2).transpose(1, 2) / features[0].numel()),
        ("content_loss", lambda features, target, half: (features - target).abs().sum()),
        ("style_loss", lambda features, target, places: (style.gram(features) - target).square().sum()),
    ],
)
def test_losses_other_than_the_papers_are_seen(monkeypatch, name, other):
    monkeypatch.setattr(style, name, other)
    assert oracle().verdict == "contradicted"


def test_paintings_repeat_and_lie_within_bounds():
    for kind in ("strokes", "dots", "swirls"):
        image = painting(kind, 40)
        assert image.shape == (40, 40, 3)
        assert 0 <= image.min() < image.max() <= 1
        assert len(np.unique(image.reshape(-1, 3), axis=0)) > 3
        np.testing.assert_array_equal(image, painting(kind, 40))
    with pytest.raises(ValueError, match="no painting 'stripes'"):
        painting("stripes", 40)
