"""Losses are the paper's sums, weights trade one for the other, and weights are read from every layout but pickles."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file
from scipy.signal import correlate
from tests.inside.made_up import waves

from reprise.inside.gradients import activations
from reprise.inside.pretrained import VGG, Seen, load_pretrained, squeezenet, vgg
from reprise.inside.style import GATYS, SOURCE, Aim, Weighting, content_loss, gram, style_loss, transfer


@settings(max_examples=20)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), st.integers(0, 99))
def test_the_losses_are_the_sums_of_the_paper(channels, h, w, seed):
    generator = torch.Generator().manual_seed(seed)
    one, other = torch.rand(2, 1, channels, h, w, generator=generator, dtype=torch.float64)
    f, p = one[0].flatten(1).numpy(), other[0].flatten(1).numpy()
    n, m = f.shape
    expected_gram = [[sum(f[i, k] * f[j, k] for k in range(m)) for j in range(n)] for i in range(n)]
    np.testing.assert_allclose(gram(one)[0], expected_gram)
    style = sum(
        (sum(f[i, k] * f[j, k] for k in range(m)) - sum(p[i, k] * p[j, k] for k in range(m))) ** 2
        for i in range(n)
        for j in range(n)
    ) / (4 * n**2 * m**2)
    assert style_loss(one, gram(other)).item() == pytest.approx(style)
    assert content_loss(one, other).item() == pytest.approx(((f - p) ** 2).sum())
    assert content_loss(one, other, half=True).item() == pytest.approx(((f - p) ** 2).sum() / 2)


def test_a_style_of_another_size_counts_by_its_own_places():
    picture = waves(1, 3, 4, 4, pace=0.7)
    twice = torch.cat([picture, picture], dim=-1)
    assert style_loss(picture, gram(twice), places=32).item() == pytest.approx(0, abs=1e-20)
    assert style_loss(picture, gram(twice)).item() > 0.01


def small():
    """Layers of a little convolution that keeps what it sees."""
    layer = torch.nn.Conv2d(3, 5, 3, padding=1).double()
    with torch.no_grad():
        layer.weight.copy_(waves(5, 3, 3, 3, pace=1.9))
        layer.bias.zero_()
    layer.requires_grad_(False)
    return lambda images: [layer(images), layer(images).relu()]


def pictures():
    return (waves(1, 3, 9, 8, pace=0.4) + 1) / 2, (waves(1, 3, 7, 10, pace=2.6) + 1) / 2


def test_more_weight_on_style_trades_content_for_style():
    features, (content, style) = small(), pictures()
    aim = Aim.of(features, content, style)
    found = [transfer(features, aim, content, Weighting(1.0, weight), steps=60) for weight in (0.01, 1.0, 100.0, 1e4)]
    contents, styles = [each.content[-1] for each in found], [each.style[-1] for each in found]
    assert contents == sorted(contents)
    assert styles == sorted(styles, reverse=True)
    for each in found:
        assert each.image.shape == content.shape
        assert 0 <= each.image.min() <= each.image.max() <= 1
        assert each.content[0] == pytest.approx(0, abs=1e-20)


@pytest.mark.parametrize("weighting", [SOURCE, GATYS])
def test_both_weightings_lower_their_own_sum_from_noise(weighting):
    features, (content, style) = small(), pictures()
    aim = Aim.of(features, content, style, weighting.half)
    start = torch.rand(content.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = transfer(features, aim, start, weighting, steps=30, at_once=7)
    sums = [weighting.content * c + weighting.style * s for c, s in zip(found.content, found.style, strict=True)]
    assert len(sums) == 1 + 5  # 7, 14, 21, 28, 30
    assert sums[-1] < 0.5 * sums[0]


def test_who_listens_can_end_it_and_losses_that_are_no_numbers_are_refused():
    features, (content, style) = small(), pictures()
    aim, heard = Aim.of(features, content, style), []

    def stop(done, *_):
        heard.append(done)
        if done >= 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        transfer(features, aim, content, Weighting(1, 1), steps=100, at_once=5, heard=stop)
    assert heard == [0, 5, 10]
    with pytest.raises(ValueError, match="the losses are"):
        transfer(features, aim, content * float("nan"), Weighting(1, 1), steps=1)


# Weights from files ------------------------------------------------------------------------------------------------


def random_weights(model, seed=0):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return model


def as_keras(model):
    """The same weights as Keras names and turns them."""
    arrays = {}
    for name, layer in model.features.named_modules():
        if isinstance(layer, torch.nn.Conv2d):
            block, *rest = name.split(".")
            fire = {"3": 2, "4": 3, "6": 4, "7": 5, "9": 6, "10": 7, "11": 8, "12": 9}.get(block)
            kind = {"squeeze": "squeeze1x1", "expand1": "expand1x1", "expand3": "expand3x3"}.get(
                rest[0] if rest else ""
            )
            named = f"fire{fire}/{kind}/fire{fire}/{kind}_3" if fire and kind else "conv1/conv1_3"
            arrays[f"{named}/kernel:0"] = layer.weight.permute(2, 3, 1, 0).numpy()
            arrays[f"{named}/bias:0"] = layer.bias.numpy()
    return arrays


def as_torchvision(model):
    arrays, place = {}, 0
    for part in model.features:
        if isinstance(part, torch.nn.Sequential):
            arrays[f"features.{place}.weight"], arrays[f"features.{place}.bias"] = (
                part[0].weight.numpy(),
                part[0].bias.numpy(),
            )
            place += 2
        else:
            place += 1
    arrays["classifier.0.weight"] = np.zeros((10, 10), np.float32)
    return arrays


def test_squeezenet_in_keras_layout_answers_as_it_did(tmp_path):
    with torch.no_grad():
        model = random_weights(squeezenet(bgr=True))
        arrays = as_keras(model.requires_grad_(False))
        items = list(arrays.items())
        np.savez(tmp_path / "weights.npz", **dict(items[::-1]))  # the order in the file says nothing
        found = load_pretrained(tmp_path / "weights.npz")
        assert found.name == "SqueezeNet 1.1"
        assert sum(p.numel() for p in found.parameters()) == 722_496
        images = torch.rand(1, 3, 40, 48, generator=torch.Generator().manual_seed(2))
        names = [*model.layers]
        for one, other in zip(activations(found, names)(images), activations(model, names)(images), strict=True):
            torch.testing.assert_close(one, other)
        # and the first layer is what scipy makes of BGR less the mean
        seen = (images[0].numpy() * 255 - np.array([123.68, 116.779, 103.939], np.float32)[:, None, None])[::-1]
        kernel = arrays["conv1/conv1_3/kernel:0"].transpose(3, 2, 0, 1)[7]
        expected = correlate(seen, kernel, "valid")[0, ::2, ::2] + arrays["conv1/conv1_3/bias:0"][7]
        torch.testing.assert_close(
            found.features[0](found.seen(images))[0, 7], torch.from_numpy(expected), atol=1e-2, rtol=1e-4
        )


@pytest.mark.parametrize("blocks", VGG.values(), ids=["16", "19"])
def test_vgg_in_torchvision_layout_answers_as_it_did(tmp_path, blocks):
    model = random_weights(vgg(blocks)).requires_grad_(False)
    save_file({name: np.ascontiguousarray(a) for name, a in as_torchvision(model).items()}, tmp_path / "w.safetensors")
    found = load_pretrained(tmp_path / "w.safetensors")
    assert found.name == f"VGG-{sum(blocks) + 3}"
    images = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(found(images), model(images))
    assert not any(parameter.requires_grad for parameter in found.parameters())


def test_colours_are_normalised_as_each_kind_was_trained():
    white = torch.ones(1, 3, 1, 1)
    torch.testing.assert_close(Seen(False)(white).flatten(), torch.tensor([2.2489, 2.4286, 2.64]), atol=1e-3, rtol=0)
    torch.testing.assert_close(Seen(True)(white).flatten(), torch.tensor([151.061, 138.221, 131.32]))


def test_pickles_strangers_and_damage_are_refused_by_name(tmp_path):
    (tmp_path / "vgg16.pth").write_bytes(b"cos\nsystem\n")
    (tmp_path / "cut.safetensors").write_bytes(b"\x08\x00")
    np.savez(tmp_path / "other.npz", **{"features.0.weight": np.zeros((4, 3, 5, 5), np.float32)})
    arrays = as_keras(random_weights(squeezenet(bgr=True)).requires_grad_(False))
    broken = {name: array for name, array in arrays.items() if name != "conv1/conv1_3/bias:0"}
    np.savez(tmp_path / "biasless.npz", **broken)
    arrays["conv1/conv1_3/bias:0"] = arrays["conv1/conv1_3/bias:0"] * np.nan
    np.savez(tmp_path / "nan.npz", **arrays)
    (tmp_path / "empty.npz").touch()
    np.savez_compressed(tmp_path / "packed.npz", **broken)
    for name, words in {
        "vgg16.pth": "a pickle can run anything",
        "cut.safetensors": "not a whole safetensors file",
        "other.npz": "no VGG-16, VGG-19 or SqueezeNet 1.1: found 1 convolutions",
        "biasless.npz": "a bias is missing",
        "nan.npz": "not finite",
        "absent.npz": "no such file of weights",
        "empty.npz": r"not a whole npz file \(not an .npz archive \(File is not a zip file\)\); write it with np.savez",
        "packed.npz": r"conv1_3/kernel:0 cannot be read \(it is compressed.*; write it with np.savez",
    }.items():
        with pytest.raises((ValueError, OSError), match=words) as raised:
            load_pretrained(tmp_path / name)
        assert name in str(raised.value)
        assert "dvc" not in str(raised.value)  # it is the user's own


@pytest.mark.parametrize("shape", [(3, 3, 2**13, 2**13), (10**12,), (3, 3, 512, 512)])
def test_an_h5_file_that_states_what_was_never_written_is_refused_before_memory_is_taken(tmp_path, shape):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.create_dataset("block1_conv1/kernel:0", shape, "f4", chunks=True)
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"w\.h5: not a whole h5 file \(block1_conv1/kernel:0: of shape .*; download"):
        load_pretrained(tmp_path / "w.h5")
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


def test_h5_files_are_read_compressed_or_not_and_junk_is_named(tmp_path):
    h5py = pytest.importorskip("h5py")
    arrays = as_keras(random_weights(squeezenet(bgr=True)).requires_grad_(False))
    for name, compression in (("plain.h5", None), ("packed.hdf5", "gzip")):
        with h5py.File(tmp_path / name, "w") as file:
            for key, array in arrays.items():
                file.create_dataset(key, data=array, compression=compression)
        assert load_pretrained(tmp_path / name).name == "SqueezeNet 1.1"
    (tmp_path / "junk.h5").write_bytes(b"junk" * 99)
    (tmp_path / "cut.h5").write_bytes((tmp_path / "plain.h5").read_bytes()[:100_000])
    for name in ("junk.h5", "cut.h5"):
        with pytest.raises(ValueError, match=rf"{name}: not a whole h5 file \(.*; download it again"):
            load_pretrained(tmp_path / name)
