"""Saliency agrees with captum 0.9.0 and with plain loops, and keeps the properties that it is known by."""

from __future__ import annotations

import pytest
import torch
from tests.inside.made_up import network, pictures, waves

from reprise.inside.gradients import activations, class_logit, frozen, input_gradients
from reprise.inside.saliency import by_pixel, edges, gradient, integrated_gradients, occlusion, smooth_grad

LABELS = torch.tensor([2, 0])
BASELINE = 0.25
# captum 0.9.0 with torch 2.13: rows 1-2, columns 1-3 of both channels of both pictures; then sum and sum of |.| of all.
# Saliency(abs=False); IntegratedGradients(n_steps=20, method="gausslegendre"); Occlusion(windows (2, 3, 3), strides
# (2, 2, 2)), which adds up in float32.
CAPTUM = {
    "gradient": (
        "-0.28901809 -0.4133736 -0.25043416 0.49587774 0.11398625 -0.07257076 -0.17484814 -0.50084714 -0.27063277 "
        "0.3470756 -0.05263473 -0.11526341 0.48205252 0.54055271 -0.26803482 0.09090396 -0.53342788 -0.00317629 "
        "0.48445108 -0.362728 0.64374518 -0.65348917 0.2352615 0.2678923",
        -2.4810515936395534,
        37.961216565925504,
    ),
    "integrated": (
        "-0.02293926 0.00028492 -0.15325582 0.28346676 -0.02432825 0.00323693 -0.00772466 0.1735684 -0.01538715 "
        "0.03989022 -0.00268164 -0.04012821 -0.08947031 0.0325399 -0.18318615 0.00924167 -0.10985623 -0.00632613 "
        "-0.06637617 0.06517367 0.08932021 -0.35042518 0.02550547 -0.06322376",
        -2.6444431545000375,
        12.325047185975436,
    ),
    "occlusion": (
        "-0.13931537 -0.21182367 -0.28433195 1.08749878 0.40503836 -0.27742216 -0.13931537 -0.21182367 -0.28433195 "
        "1.08749878 0.40503836 -0.27742216 -0.92386723 -0.49062732 -0.0573874 -1.55518425 -0.81037682 -0.06556942 "
        "-0.92386723 -0.49062732 -0.0573874 -1.55518425 -0.81037682 -0.06556942",
        -27.56350326538086,
        76.11885833740234,
    ),
}
WAYS = {
    "gradient": gradient,
    "integrated": lambda score, images: integrated_gradients(score, images, BASELINE, steps=20),
    "occlusion": lambda score, images: occlusion(score, images, window=3, stride=2, fill=BASELINE),
}


@pytest.fixture(scope="module")
def score():
    return class_logit(network(), LABELS)


@pytest.mark.parametrize("way", CAPTUM)
def test_it_agrees_with_captum(score, way):
    found = WAYS[way](score, pictures())
    text, total, size = CAPTUM[way]
    pinned = torch.tensor([float(word) for word in text.split()], dtype=torch.float64)
    torch.testing.assert_close(found[:, :, 1:3, 1:4].flatten(), pinned, atol=1e-6, rtol=0)
    torch.testing.assert_close(torch.stack([found.sum(), found.abs().sum()]).tolist(), [total, size], atol=1e-5, rtol=0)


def test_the_gradient_is_the_slope_of_each_pixel(score):
    images, step = pictures(), 1e-6
    found = gradient(score, images)
    for place in [(0, 0, 0, 0), (0, 1, 3, 2), (1, 0, 5, 4)]:
        up, down = images.clone(), images.clone()
        up[place] += step
        down[place] -= step
        slope = (score(up) - score(down))[place[0]] / (2 * step)
        assert found[place].item() == pytest.approx(slope.item(), abs=1e-6)


@pytest.mark.parametrize(("label", "baseline"), [(0, 0.0), (1, -0.7), (2, 0.5)])
def test_integrated_gradients_add_up_to_the_rise_of_the_score(label, baseline):
    score = class_logit(network(), torch.tensor([label, label]))
    images = pictures()
    found = integrated_gradients(score, images, baseline, steps=300)
    rise = score(images) - score(torch.full_like(images, baseline))
    torch.testing.assert_close(found.sum(dim=(1, 2, 3)), rise.detach(), atol=1e-2, rtol=0)


def test_smooth_grad_is_the_gradient_where_there_is_no_noise_and_its_mean_over_noise_else(score):
    images = pictures()
    torch.testing.assert_close(smooth_grad(score, images, 0.0, samples=3), gradient(score, images))
    one = smooth_grad(score, images, 0.2, samples=2, seed=4)
    generator = torch.Generator().manual_seed(4)
    drawn = [torch.randn(images.shape, generator=generator, dtype=images.dtype) for _ in range(2)]
    torch.testing.assert_close(one, sum(gradient(score, images + 0.2 * each) for each in drawn) / 2)
    assert not torch.equal(one, smooth_grad(score, images, 0.2, samples=2, seed=5))


def test_a_network_is_left_as_it_was(score):
    model = network()
    with frozen(model):
        gradient(class_logit(model, LABELS), pictures())
        assert not any(parameter.requires_grad for parameter in model.parameters())
    assert all(parameter.requires_grad and parameter.grad is None for parameter in model.parameters())


def test_settings_that_make_no_sense_are_refused(score):
    images = pictures()
    for wrong in (
        lambda: occlusion(score, images, window=7, stride=1),
        lambda: occlusion(score, images, window=2, stride=3),
        lambda: integrated_gradients(score, images, steps=0),
        lambda: smooth_grad(score, images, noise=-1.0),
    ):
        with pytest.raises(ValueError, match=r"stride|steps|noise"):
            wrong()
    with pytest.raises(ValueError, match="one number a picture"):
        input_gradients(network(), images)


def test_a_pixel_counts_by_its_largest_channel_and_edges_lie_where_a_picture_changes():
    maps = torch.tensor([[[[1.0, -3.0]], [[-2.0, 2.0]]]])
    assert by_pixel(maps).tolist() == [[[2.0, 3.0]]]
    step = torch.zeros(1, 1, 4, 6)
    step[..., 3:] = 1
    assert edges(step)[0].nonzero()[:, 1].unique().tolist() == [2, 3]


def test_activations_are_what_the_layers_answer_in_the_order_asked():
    model, images = network(), pictures()
    convolved, last = activations(model, ["0", "4"], rectified=False)(images)
    torch.testing.assert_close(convolved, model[0](images))
    torch.testing.assert_close(last, model(images))
    torch.testing.assert_close(activations(model, ["4", "0"])(images)[1], model[0](images).relu())
    assert not any(module._forward_hooks for module in model.modules())
    with pytest.raises(ValueError, match=r"no layer conv9; the network has 0, 1, 2, 3, 4"):
        activations(model, ["conv9"])


def test_labels_go_round_where_pictures_are_asked_several_times():
    model, images = network(), pictures()
    twice = class_logit(model, LABELS)(torch.cat([images, images]))
    torch.testing.assert_close(twice[:2], twice[2:])
    assert waves(3, pace=1.0).shape == (3,)
