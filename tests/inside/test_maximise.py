"""Activation maximisation is the source's loop, each start by itself; inversion meets what it is given."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from tests.inside.made_up import network, pictures, waves

from reprise.inside.gradients import activations
from reprise.inside.invert import invert, peak_signal_to_noise, total_variation
from reprise.inside.maximise import maximise, maximise_regularised


def test_a_batch_of_starts_is_the_plain_loop_over_each():
    model, starts, classes = network(), pictures(), torch.tensor([1, 2])
    found = maximise(model, classes, starts, steps=4, rate=0.5)
    for i in range(2):
        image, losses = starts[i : i + 1].clone(), []
        for _ in range(4):
            image.requires_grad_(True)
            loss = F.cross_entropy(model(image), classes[i : i + 1])
            losses.append(loss.item())
            (slope,) = torch.autograd.grad(loss, image)
            image = (image - 0.5 * slope).detach()
        torch.testing.assert_close(found.images[i : i + 1], image)
        assert found.losses[:4, i].tolist() == pytest.approx(losses)
        assert found.losses[4, i].item() == pytest.approx(F.cross_entropy(model(image), classes[i : i + 1]).item())


def test_small_steps_lower_the_loss_and_none_change_nothing():
    model, starts, classes = network(), pictures(), torch.tensor([0, 2])
    found = maximise(model, classes, starts, steps=20, rate=0.01)
    assert (found.losses.diff(dim=0) < 0).all()
    still = maximise(model, classes, starts, steps=0)
    assert torch.equal(still.images, starts)
    assert still.losses.shape == (1, 2)
    with pytest.raises(ValueError, match="1 classes for 2 starts"):
        maximise(model, classes[:1], starts)


def test_the_regularised_form_lowers_the_loss_within_bounds_and_repeats():
    model, classes = network().float(), torch.tensor([0, 1, 2])
    found = maximise_regularised(model, classes, (2, 6, 5), steps=60, jitter=1)
    assert ((found.images >= 0) & (found.images <= 1)).all()
    assert (found.losses[-1] < found.losses[0]).all()
    again = maximise_regularised(model, classes, (2, 6, 5), steps=60, jitter=1)
    assert torch.equal(found.images, again.images)


def test_a_layer_that_keeps_everything_gives_the_picture_back():
    images = pictures().float()
    mixed = torch.linalg.qr(waves(60, 60, pace=1.3).float()).Q

    def features(x):
        return x.flatten(1) @ mixed

    found = invert(features, features(images), (2, 6, 5), steps=400, rate=0.02)
    assert (peak_signal_to_noise(found.images, images) > 40).all()
    assert (found.distance < 1e-3).all()


def test_inversion_comes_nearer_to_a_layer_and_smoothness_makes_smoother():
    model, images = network().float(), pictures().float()

    def layer(x):
        return activations(model, ["0"])(x)[0]

    targets = layer(images).detach()
    few, many = (invert(layer, targets, (2, 6, 5), steps=steps) for steps in (5, 100))
    assert (many.distance < few.distance).all()
    smooth = invert(layer, targets, (2, 6, 5), steps=100, smoothness=1.0)
    assert (total_variation(smooth.images) < total_variation(many.images)).all()


def test_an_inversion_leaves_as_begun_what_the_features_do_not_tell():
    images = torch.rand(2, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    begun = torch.full((1, 1, 4, 4), 0.2)
    upper = lambda x: x[:, :, :2].flatten(1)  # noqa: E731
    found = invert(upper, upper(images), (1, 4, 4), steps=300, rate=0.02, start=begun).images
    torch.testing.assert_close(found[:, :, :2], images[:, :, :2], atol=0.02, rtol=0)
    assert (found[:, :, 2:] == 0.2).all()
    assert (begun == 0.2).all()  # and what was given is not touched


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
def test_features_that_say_nothing_cannot_be_inverted(value):
    with pytest.raises(ValueError, match="targets"):
        invert(lambda x: x.flatten(1), torch.full((1, 60), value), (2, 6, 5))


def test_the_signal_to_noise_ratio_is_that_of_skimage():
    from skimage.metrics import peak_signal_noise_ratio

    one, other = pictures()[:1], pictures()[1:]
    expected = peak_signal_noise_ratio(other.numpy(), one.numpy(), data_range=1)
    assert peak_signal_to_noise(one, other).item() == pytest.approx(expected)
    assert peak_signal_to_noise(one, one).item() == pytest.approx(100)
