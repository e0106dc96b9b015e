"""Published sizes of the FCNs, VGG-16 inside them, and any input size."""

from __future__ import annotations

import pytest
import torch

from reprise.models.fcn import FCN, VGG16, FCN8s, FCN16s, FCN32s, adopt_vgg16, vgg16_names
from reprise.models.zoo import VGG

NARROW = {"width": 2, "dense": 6, "convolutions": (1, 1, 1, 1, 1)}


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(("make", "parameters"), [(FCN32s, 134_346_581), (FCN16s, 134_357_354), (FCN8s, 134_362_751)])
@pytest.mark.parametrize("form", ["published", "same"])
def test_parameters_are_those_of_the_release_without_its_fixed_filters(make, parameters, form):
    with torch.device("meta"):
        model = make(form=form)
        assert count(model) == parameters
        assert count(model.stages) == 14_714_688
        assert count(model.fc6) + count(model.fc7) == 119_545_856
        learned = make(learned=True, form=form)
    sides = {32: (64,), 16: (32, 4), 8: (16, 4, 4)}[model.stride]
    assert count(learned) - count(model) == 21**2 * sum(side**2 for side in sides)


@pytest.mark.parametrize("stride", [32, 16, 8])
@pytest.mark.parametrize("form", ["published", "same"])
def test_any_size_in_is_the_size_out(stride, form):
    with torch.device("meta"):
        model = FCN(3, stride, **NARROW, form=form)
        for height, width in [(224, 224), (512, 512), (500, 375), (1, 1), *((s, 700 - s) for s in range(30, 97))]:
            assert model(torch.zeros(1, 3, height, width)).shape == (1, 3, height, width)


def test_in_the_write_ups_form_224_gives_7_and_512_gives_16():
    with torch.device("meta"):
        model = FCN(21, 32, **NARROW, form="same")
        for side, pooled in ((224, 7), (512, 16)):
            assert model.features(torch.zeros(1, 3, side, side))[4].shape[-1] == pooled


@pytest.mark.parametrize("stride", [32, 16, 8])
@pytest.mark.parametrize("form", ["published", "same"])
def test_what_is_said_of_a_place_lies_at_that_place(stride, form):
    """A bright line is answered for where it lies, on average over all places it can have in a cell of 32 pixels."""
    model = FCN(1, stride, width=1, dense=1, convolutions=(1, 1, 1, 1, 1), form=form, dropout=0).double().eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.zero_()
            if name.endswith("weight") and "stages" in name:
                parameter[:, 0, 1, 1] = 1  # copies
        model.fc6.weight[0, 0, 3, 3] = 1
        for layer in (model.fc7, model.score, *model.skips):
            layer.weight[:, 0] = 1
    moved = []
    with torch.inference_mode():
        for place in range(128, 160):
            picture = torch.zeros(1, 3, 320, 96, dtype=torch.float64)
            picture[..., place, :] = 1
            said = model(picture)[0, 0].sum(dim=1)
            moved.append(float((said * torch.arange(320)).sum() / said.sum()) - place)
    assert max(map(abs, moved)) < 16
    assert sum(moved) / len(moved) == pytest.approx(0, abs=1e-9)


def test_the_dense_layers_as_convolutions_give_the_same_at_the_native_size():
    torch.manual_seed(0)
    classifier, before = VGG(16, 10), 3
    widths = [2, 2, 4, 4, 8, 8, 8, 16, 16, 16, 16, 16, 16]
    for place in [i for i, layer in enumerate(classifier.features) if isinstance(layer, torch.nn.Conv2d)]:
        width = widths.pop(0)
        classifier.features[place] = torch.nn.Conv2d(before, width, 3, padding=1)
        before = width
    classifier.classifier[0] = torch.nn.Linear(16 * 49, 12)
    classifier.classifier[3] = torch.nn.Linear(12, 12)
    classifier.eval()
    model = FCN32s(width=2, dense=12).eval()
    adopt_vgg16(model, classifier.state_dict())
    model.stages[0][0].padding = (1, 1)
    images = torch.rand(2, 3, 224, 224)
    with torch.inference_mode():
        expected = classifier.classifier[:5](classifier.features(images).flatten(1))
        pooled = model.features(images)[4]
        found = model.fc7(model.fc6(pooled).relu()).relu()
    assert pooled.shape == (2, 16, 7, 7)
    assert found.shape == (2, 12, 1, 1)
    assert (found[..., 0, 0] - expected).abs().max() <= 1e-5 * expected.abs().max()


def test_names_are_those_of_the_full_vgg_and_shapes_fit_it():
    with torch.device("meta"):
        classifier, model = VGG(16), FCN8s()
    theirs = {name: weight.numel() for name, weight in classifier.named_parameters() if "classifier.6" not in name}
    assert {name: weight.numel() for name, weight in vgg16_names(model).items()} == theirs
    assert len(VGG16) == 5


def test_weights_that_do_not_fit_are_all_named_and_change_nothing():
    model = FCN32s(**NARROW)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    given = {name: tensor.detach() + 1 for name, tensor in vgg16_names(model).items()}
    del given["features.3.bias"]
    given["classifier.0.weight"] = torch.zeros(6, 50)
    with pytest.raises(ValueError, match=r"features.3.bias is missing; classifier.0.weight has shape \(6, 50\)"):
        adopt_vgg16(model, given)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    with pytest.raises(ValueError, match="batch norm"):
        adopt_vgg16(FCN32s(**NARROW, norm=True), given)


def test_new_skips_change_nothing_at_first():
    torch.manual_seed(0)
    coarse, fine = FCN(3, 32, **NARROW, form="same").eval(), FCN(3, 16, **NARROW, form="same").eval()
    torch.nn.init.normal_(coarse.score.weight)
    fine.load_state_dict(coarse.state_dict(), strict=False)
    images = torch.rand(1, 3, 96, 96)
    with torch.inference_mode():
        gap = (coarse(images) - fine(images))[..., 24:-24, 24:-24]  # 2 x and 16 x is 32 x but for the border
        assert gap.abs().max() < 0.2 * coarse(images).abs().max()


def test_another_stride_is_refused():
    with pytest.raises(ValueError, match="8, 16 or 32"):
        FCN(stride=4)
