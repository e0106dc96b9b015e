"""`reprise style` and `reprise saliency` on a user's own pictures: sizes, colour modes, Ctrl-C, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from tests.inside.test_style import as_keras, random_weights
from tests.studies import made_up

from reprise.files import write_json
from reprise.inside import inverting, painting
from reprise.inside.explaining import explain
from reprise.inside.inverting import GAP, inverted
from reprise.inside.pictures import read_colour, write_colour
from reprise.inside.pretrained import squeezenet
from reprise.inside.trained import check_trained
from reprise.registry import import_part


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "squeezenet.npz"
    np.savez(path, **as_keras(random_weights(squeezenet(bgr=True)).requires_grad_(False)))
    return path


def picture(path, size=(60, 44), mode="RGB", seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3)).astype(np.uint8)
    Image.fromarray(pixels).convert(mode).save(path)
    return path


@pytest.mark.parametrize(("mode", "suffix"), [("L", ".png"), ("RGBA", ".png"), ("P", ".png"), ("CMYK", ".jpg")])
def test_every_colour_mode_is_read_as_three_channels(tmp_path, mode, suffix):
    found = read_colour(picture(tmp_path / f"a{suffix}", mode=mode), size=48)
    assert found.shape == (1, 3, 35, 48)
    assert 0 <= found.min() <= found.max() <= 1
    if mode == "L":
        assert torch.equal(found[:, 0], found[:, 2])


def test_what_is_transparent_is_white_and_what_is_written_is_read_back(tmp_path):
    Image.new("RGBA", (40, 33), (9, 9, 9, 0)).save(tmp_path / "clear.png")
    assert (read_colour(tmp_path / "clear.png") == 1).all()
    image = torch.rand(1, 3, 33, 40, generator=torch.Generator().manual_seed(0))
    write_colour(tmp_path / "out.png", image)
    torch.testing.assert_close(read_colour(tmp_path / "out.png"), image, atol=0.5 / 255 + 1e-6, rtol=0)


def test_a_picture_is_painted_at_the_size_that_was_asked(tmp_path, weights):
    one, other = picture(tmp_path / "a.png"), picture(tmp_path / "b.jpg", (60, 80), seed=1)
    said = painting.paint(one, other, tmp_path / "out.png", weights, size=48, steps=6)
    assert Image.open(tmp_path / "out.png").size == (48, 35)
    assert "SqueezeNet 1.1" in said
    before, after = (float(each) for each in said.rsplit("style loss ")[1].split(" -> "))
    assert after < before


def test_ctrl_c_keeps_what_there_is(tmp_path, weights, monkeypatch):
    class Impatient(painting._Held):
        def __call__(self, done, *rest):
            super().__call__(done, *rest)
            if done >= 4:
                raise KeyboardInterrupt

    monkeypatch.setattr(painting, "_Held", Impatient)
    one, other = picture(tmp_path / "a.png"), picture(tmp_path / "b.png", seed=1)
    monkeypatch.setattr(painting, "AT_ONCE", 2)
    said = painting.paint(one, other, tmp_path / "out.png", weights, size=44, steps=50)
    assert "stopped after 4 of 50 steps" in said
    assert (tmp_path / "out.png").is_file()


def test_what_cannot_be_used_is_named_before_anything_is_painted(tmp_path, weights):
    one, small = picture(tmp_path / "a.png"), picture(tmp_path / "tiny.png", (20, 9))
    (tmp_path / "text.png").write_text("no picture")
    out = tmp_path / "out.png"
    for arguments, words in {
        (one, small, out): r"tiny.png: 20 x 9|tiny.png: 48 x 22",
        (one, tmp_path / "text.png", out): "text.png is not an image",
        (one, one, tmp_path / "out.gif"): "out.gif: name it .png",
        (one, one, out): "both are the same",
    }.items():
        with pytest.raises(ValueError, match=words):
            painting.paint(*arguments, weights, size=48, steps=2)
    for wrong in ({"size": 8}, {"steps": 0}, {"content_weight": 0.0, "style_weight": 0.0}):
        with pytest.raises(ValueError, match="expected --size"):
            painting.paint(one, one, out, weights, **wrong)
    assert not out.exists()


def test_without_weights_and_without_a_trained_network_it_says_what_to_do(smoke):
    one = picture(smoke / "a.png")
    with pytest.raises(ValueError, match=r"reprise repro .* trains one, or give --weights FILE"):
        painting.paint(one, one, smoke / "out.png", size=48, steps=2)


def test_a_trained_network_explains_a_picture_of_any_size(tmp_path, monkeypatch):
    space = made_up.workspace("maximisation", tmp_path, 1)
    made_up.train(space, "network")
    monkeypatch.chdir(tmp_path)
    one = picture(tmp_path / "a.png", (70, 50))
    for method in ("gradient", "integrated", "smooth", "occlusion"):
        said = explain(one, "maximisation/network", tmp_path / f"{method}.png", method, label=3)
        assert "28 x 28 pixels of 1 channels" in said
        assert Image.open(tmp_path / f"{method}.png").size[0] > 300
    for network, label, words in (
        ("maximisation/netwrk", None, "did you mean 'network'"),
        ("maximisation/network", 10, "the network has the classes 0 to 9"),
    ):
        with pytest.raises(ValueError, match=words):
            explain(one, network, tmp_path / "out.png", "gradient", label)
    with pytest.raises(ValueError, match="no seed 9; there are 0, 1, 2"):
        explain(one, "maximisation/network", tmp_path / "out.png", "gradient", seed=9)


@pytest.mark.parametrize(
    ("name", "damage", "words"),
    [
        ("run.json", lambda path: path.write_text("{}"), "expected an object with settings"),
        ("run.json", lambda path: path.write_text("[]"), "expected an object with settings"),
        ("run.json", lambda path: path.write_text('{"settings": 3, "shapes": {}, "structure": 0}'), "validation"),
        ("weights.safetensors", lambda path: path.write_bytes(b""), "header too small"),
        ("weights.safetensors", lambda path: path.write_bytes(path.read_bytes()[:5000]), ""),
        ("weights.safetensors", lambda path: path.unlink(), "is missing"),
    ],
)
def test_damage_of_what_training_wrote_is_named_with_the_command_that_mends_it(
    tmp_path, monkeypatch, name, damage, words
):
    space = made_up.workspace("stylisation", tmp_path, 1)
    study, settings, shapes = import_part("stylisation", "train"), space.settings("network"), {"image": (32, 32, 3)}
    model = study.build(settings, shapes, None)
    folder = space.run("network")
    write_json(
        folder / "run.json",
        {"settings": settings.model_dump(mode="json"), "shapes": shapes | {"label": ()}, "structure": [None]},
    )
    weights = {f"seed0/{key}": tensor.clone() for key, tensor in model.state_dict().items()}
    save_file(weights, folder / "weights.safetensors")
    monkeypatch.chdir(tmp_path)
    one, other = picture(tmp_path / "a.png"), picture(tmp_path / "b.png", seed=1)
    explain(one, "stylisation/network", tmp_path / "out.png", "gradient")
    damage(folder / name)
    for ask in (
        lambda: explain(one, "stylisation/network", tmp_path / "out.png", "gradient"),
        lambda: painting.paint(one, other, tmp_path / "out.png", size=48, steps=1),
    ):
        with pytest.raises((ValueError, OSError), match=name) as caught:
            ask()
        assert words in str(caught.value)
        assert "`reprise repro stylisation`" in str(caught.value)
        assert str(caught.value).isprintable()


def test_sizes_in_a_damaged_record_take_no_memory(tmp_path):
    space = made_up.workspace("stylisation", tmp_path, 1)
    record = {"settings": space.settings("network").model_dump(mode="json"), "structure": [None]}
    write_json(space.run("network") / "run.json", record | {"shapes": {"image": [2**20, 2**20, 3], "label": []}})
    save_file({"seed0/x": torch.zeros(3)}, space.run("network") / "weights.safetensors")
    with pytest.raises(ValueError, match=r"(weights\.safetensors|run\.json): not what training wrote"):
        check_trained(space, "network")


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 31}, {"size": 10**9}, {"steps": 0}, {"style_weight": float("inf")}, {"style_weight": float("nan")},
        {"style_weight": 1e308}, {"content_weight": -1.0}, {"content_weight": 0.0, "style_weight": 0.0},
    ],
)  # fmt: skip
def test_sizes_and_weights_beyond_what_can_be_are_refused(tmp_path, weights, wrong):
    one, other = picture(tmp_path / "a.png"), picture(tmp_path / "b.png", seed=1)
    with pytest.raises(ValueError, match="expected --size 32 to 8192, --steps from 1, and weights of 0 to 1e"):
        painting.paint(one, other, tmp_path / "out.png", weights, **wrong)


def test_no_output_replaces_the_picture_that_it_is_made_from(tmp_path, weights):
    one, other = picture(tmp_path / "a.png"), picture(tmp_path / "b.png", seed=1)
    (tmp_path / "link.png").symlink_to(one)
    before = one.read_bytes(), other.read_bytes()
    for out in (one, other, tmp_path / "link.png"):
        with pytest.raises(ValueError, match="is the picture itself"):
            painting.paint(one, other, out, weights)
    with pytest.raises(ValueError, match="is the picture itself"):
        explain(one, "made/up", one, "gradient")
    assert before == (one.read_bytes(), other.read_bytes())


def test_a_network_that_is_not_trained_yet_is_named_with_what_trains_it(smoke):
    one = picture(smoke / "a.png")
    message = "rotation/baseline/run.json is missing; `reprise repro rotation` trains the network"
    with pytest.raises(FileNotFoundError, match=message):
        explain(one, "rotation/baseline", smoke / "out.png", "gradient")


def test_every_layer_is_inverted_in_both_forms_and_early_ones_know_more(tmp_path, weights):
    said = inverted(picture(tmp_path / "a.png"), tmp_path / "sheet.png", weights, size=48, steps=25)
    first, head, *rows = said.splitlines()
    assert "48 x 35, SqueezeNet 1.1" in first
    assert head.split() == ["layer", "plain:", "dB", "features", "smooth:", "dB", "features"]
    assert [row.split()[0] for row in rows] == [f"features.{layer}" for layer in (1, 3, 4, 6, 7)]
    numbers = np.array([row.split()[1:] for row in rows], float)
    assert numbers[0, 0] > numbers[-1, 0]
    assert (numbers[:, 1] < 1).all()
    sheet = Image.open(tmp_path / "sheet.png")
    assert sheet.size == (6 * (48 + 2 * GAP), 2 * 35 + 2 * GAP)
    truth = read_colour(tmp_path / "a.png", size=48)
    shown = read_colour(tmp_path / "sheet.png")[..., GAP : GAP + 35, GAP : GAP + 48]
    torch.testing.assert_close(shown, truth, atol=0.5 / 255 + 1e-6, rtol=0)


def test_inversion_keeps_the_layers_that_are_done_and_refuses_what_it_cannot_use(tmp_path, weights, monkeypatch):
    one, out = picture(tmp_path / "a.png"), tmp_path / "sheet.png"
    with pytest.raises(ValueError, match="--size 32 to 2048"):
        inverted(one, out, weights, size=8)
    with pytest.raises(ValueError, match="is the picture itself"):
        inverted(one, one, weights)
    both, begun = inverting._both, []

    def impatient(*arguments):
        begun.append(1)
        if len(begun) > 2:
            raise KeyboardInterrupt
        return both(*arguments)

    monkeypatch.setattr(inverting, "_both", impatient)
    assert "stopped after 2 layers" in inverted(one, out, weights, size=48, steps=2)
    assert out.is_file()
    begun.extend([1, 1])
    out.unlink()
    with pytest.raises(KeyboardInterrupt):
        inverted(one, out, weights, size=48, steps=2)
    assert not out.exists()
