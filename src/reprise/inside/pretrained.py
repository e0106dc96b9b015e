"""Networks trained on ImageNet, from the user's own file: VGG-16, VGG-19 and SqueezeNet 1.1, convolutions only.

Files are safetensors, npz, or Keras's .h5 (with h5py installed); never a pickle, which could run anything. Which
network it is, the shapes say. Two layouts are known: torchvision's (``features.0.weight``, channels first, RGB less a
mean over a deviation) and Keras's (``block1_conv1``, ``fire2/squeeze1x1``, channels last, BGR of 0 to 255 less a mean).
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from torch import Tensor, nn

from reprise.files import one_line, read_npz, shown
from reprise.models.zoo.squeezenet import SqueezeNet
from reprise.npz import REMEDY

VGG = {13: (2, 2, 3, 3, 3), 16: (2, 2, 4, 4, 4)}  # convolutions a block, by their number
WIDTHS = (64, 128, 256, 512, 512)
LARGEST, WIDEST = 3 * 3 * 512 * 512, 4096  # numbers in a kernel of convolutions, and biases of a layer, at most
COMPRESSED = 20  # trained weights are never compressed to less than such a part
STYLE = {  # content layer first, as the sources choose them; SqueezeNet's by place
    "vgg": ("block2_conv2", "block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3"),
    "squeezenet": ("4", "1", "3", "4", "6", "7"),
}


class Seen(nn.Module):
    """RGB in [0, 1] -> what a network was trained on."""

    def __init__(self, bgr: bool) -> None:
        super().__init__()
        mean = [123.68, 116.779, 103.939] if bgr else [0.485 * 255, 0.456 * 255, 0.406 * 255]
        spread = [1.0, 1.0, 1.0] if bgr else [0.229 * 255, 0.224 * 255, 0.225 * 255]
        self.bgr = bgr
        self.register_buffer("mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("spread", torch.tensor(spread)[:, None, None], persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        x = (images * 255 - self.mean) / self.spread
        return x.flip(1) if self.bgr else x


class Pretrained(nn.Module):
    """(n, 3, h, w) RGB in [0, 1] -> the last layer's features; ``layers`` names those that style transfer asks."""

    def __init__(self, name: str, features: nn.Sequential, bgr: bool, layers: tuple[str, ...]) -> None:
        super().__init__()
        self.name, self.seen, self.features = name, Seen(bgr), features
        self.layers = tuple(f"features.{layer}" for layer in layers)

    def forward(self, images: Tensor) -> Tensor:
        return self.features(self.seen(images))


def load_pretrained(path: Path) -> Pretrained:
    """Reads a file of weights.

    Raises:
        ValueError: a pickle, damaged, or none of the networks above; the message names the file and what was found.
        OSError: the file cannot be read.
    """
    arrays = {name: array for name, array in _arrays(Path(path)).items() if array.dtype.kind == "f"}
    weights = {name: array for name, array in arrays.items() if array.ndim == 4}
    keras = any(re.search(r"kernel|_W", name) for name in weights)
    convolutions = [name for name in weights if not re.search(r"classifier|conv10", name)]
    ordered = sorted(convolutions, key=_order)
    pairs = [(_first(weights[name], keras), _bias(arrays, name)) for name in ordered]
    found = [tuple(weight.shape) for weight, _ in pairs]
    model = _matching(found, keras)
    if model is None:
        words = f"{len(found)} convolutions" + (f", the first {found[0]}" if found else "")
        raise ValueError(f"{shown(path)}: no VGG-16, VGG-19 or SqueezeNet 1.1: found {words}")
    layers = [layer for layer in model.features.modules() if isinstance(layer, nn.Conv2d)]
    with torch.no_grad():
        for layer, (weight, bias) in zip(layers, pairs, strict=True):
            if bias.shape != layer.bias.shape or not (np.isfinite(weight).all() and np.isfinite(bias).all()):
                raise ValueError(f"{shown(path)}: a bias is missing, of another size, or a number is not finite")
            layer.weight.copy_(torch.from_numpy(np.ascontiguousarray(weight)))
            layer.bias.copy_(torch.from_numpy(np.ascontiguousarray(bias)))
    return model.requires_grad_(False).eval()


def vgg(blocks: tuple[int, ...], bgr: bool = False) -> Pretrained:
    """VGG's convolutions; ``block3_conv2`` is a layer's answer after its rectifier."""
    parts, channels = nn.Sequential(), 3
    for block, (count, width) in enumerate(zip(blocks, WIDTHS, strict=True), start=1):
        for i in range(1, count + 1):
            parts.add_module(f"block{block}_conv{i}", _rectified(channels, width))
            channels = width
        parts.add_module(f"block{block}_pool", nn.MaxPool2d(2))
    return Pretrained(f"VGG-{sum(blocks) + 3}", parts, bgr, STYLE["vgg"])


def squeezenet(bgr: bool = False) -> Pretrained:
    """SqueezeNet 1.1's convolutions, without its classifier: 722,496 parameters."""
    return Pretrained("SqueezeNet 1.1", SqueezeNet("1.1").features, bgr, STYLE["squeezenet"])


def _rectified(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, width, 3, padding=1), nn.ReLU())


def _matching(shapes: list[tuple[int, ...]], bgr: bool) -> Pretrained | None:
    with torch.device("meta"):
        candidates = [(lambda b=blocks: vgg(b, bgr)) for blocks in VGG.values()] + [lambda: squeezenet(bgr)]
        fits = [make for make in candidates if _shapes(make()) == shapes]
    return fits[0]() if fits else None


def _shapes(model: Pretrained) -> list[tuple[int, ...]]:
    return [tuple(layer.weight.shape) for layer in model.features.modules() if isinstance(layer, nn.Conv2d)]


def _order(name: str) -> tuple[list[int], str]:
    """By the numbers in a name, block by block, and squeeze before expand 1 x 1 before 3 x 3."""
    place = re.split(r"squeeze|expand", name)[0]
    numbers = [int(each) for each in re.findall(r"\d{1,9}", place.split("/")[0] if "/" in place else place)]
    kind = "c" if re.search(r"expand.?3", name) else "b" if "expand" in name else "a"
    return ([0, *numbers[1:]] if name.startswith("conv1/") else numbers), kind


def _first(weight: np.ndarray, keras: bool) -> np.ndarray:
    return (weight.transpose(3, 2, 0, 1) if keras else weight).astype(np.float32)


def _bias(arrays: dict[str, np.ndarray], name: str) -> np.ndarray:
    other = name.replace("kernel", "bias").replace("_W", "_b") if re.search(r"kernel|_W", name) else ""
    return arrays.get(other or re.sub(r"weight$", "bias", name), np.empty(0)).astype(np.float32)


def _arrays(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise FileNotFoundError(f"{shown(path)}: no such file of weights")
    kind = path.suffix.lower()
    if kind not in READERS:
        why = "a pickle can run anything; " if kind in (".pt", ".pth", ".pkl", ".bin") else ""
        raise ValueError(f"{shown(path)}: {why}expected .safetensors, .npz or .h5")
    try:
        return READERS[kind](path)
    except ImportError:
        raise ValueError(f"{shown(path)}: reading .h5 needs h5py (pip install h5py)") from None
    except Exception as error:  # zipfile, NumPy, safetensors and h5py each raise their own
        said = one_line(error).removesuffix(f"; {REMEDY}").removeprefix(f"{shown(path)}: ")
        then = "write it with np.savez" if kind == ".npz" else "download it again"
        raise ValueError(f"{shown(path)}: not a whole {kind[1:]} file ({said}); {then}") from None


def _npz(path: Path) -> dict[str, np.ndarray]:
    with read_npz(path) as archive:
        return {name: archive[name] for name in archive}


def _keras(path: Path) -> dict[str, np.ndarray]:
    """Kernels and biases. A file may state sizes of what was never written, so these are compared before it is read."""
    import h5py

    found: dict[str, np.ndarray] = {}

    def keep(name: str, node: object) -> None:
        if not isinstance(node, h5py.Dataset) or node.dtype.kind != "f" or node.ndim not in (1, 4):
            return
        stored = node.id.get_storage_size()
        if node.size > (LARGEST if node.ndim == 4 else WIDEST):
            raise ValueError(f"{name}: of shape {node.shape}, larger than any layer")
        if stored < node.nbytes / (1 if node.compression is None else COMPRESSED):
            raise ValueError(f"{name}: of shape {node.shape}, of which {stored:,} bytes are stored")
        found[name] = node[()]

    with h5py.File(path, "r") as file:
        file.visititems(keep)
    return found


READERS = {".npz": _npz, ".safetensors": load_file, ".h5": _keras, ".hdf5": _keras}
