"""Weights come from safetensors and npz alike, and what is no such file is refused without being run."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from reprise.models.fcn import FCN32s, adopt_vgg16, vgg16_names
from reprise.models.weights import find_weights, read_weights

NARROW = {"width": 2, "dense": 6, "convolutions": (1, 1, 1, 1, 1)}


@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
def test_an_fcn_adopts_what_a_file_holds(tmp_path, suffix):
    weights = {name: tensor.detach() + 1 for name, tensor in vgg16_names(FCN32s(**NARROW)).items()}
    path = tmp_path / f"vgg16{suffix}"
    if suffix == ".npz":
        np.savez(path, **{name: tensor.numpy() for name, tensor in weights.items()})
    else:
        save_file(weights, path)
    model = FCN32s(**NARROW)
    assert find_weights(tmp_path) == path
    adopt_vgg16(model, read_weights(path))
    assert all(torch.equal(tensor, weights[name]) for name, tensor in vgg16_names(model).items())


def test_no_folder_and_no_file_are_none_and_two_files_are_refused(tmp_path):
    assert find_weights(tmp_path / "none") is None
    assert find_weights(tmp_path) is None
    for name in ("a.npz", "b.safetensors"):
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match=r"2 files of weights \(a.npz, b.safetensors\)"):
        find_weights(tmp_path)


def test_pickles_damage_and_infinity_are_refused_by_name(tmp_path):
    for name, write in {
        "w.pth": lambda path: path.write_bytes(b"x"),
        "w.npz": lambda path: path.write_bytes(b"PK no archive"),
        "w.safetensors": lambda path: path.write_bytes(b"\xff" * 20),
        "p.npz": lambda path: np.savez(path, a=np.array([{}], object)),
        "i.npz": lambda path: np.savez(path, **{"a\x1b": np.array([np.inf])}),
    }.items():
        write(tmp_path / name)
        with pytest.raises(ValueError, match=name) as caught:
            read_weights(tmp_path / name)
        assert "\x1b" not in str(caught.value)
        assert "\n" not in str(caught.value)
