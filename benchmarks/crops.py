"""How much `reprise duplicates` finds of mirrored and cropped copies, planted among photographs and generated frames.

    python benchmarks/crops.py                  100 pictures, as many copies: minutes
    python benchmarks/crops.py --pictures 30

Photographs: tiles of 200 x 200 pixels of the pictures that scikit-image and scikit-learn ship; nothing else is a pair,
but for textures. Frames: generated ultrasound of one frame a subject. Each original has one copy: mirrored, or cropped
at a random place to a share of each side, saved as JPEG of quality 75. Recall is the share of copies that make a pair
with their original; "others" are pairs that were not planted.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image
from sklearn.datasets import load_sample_images

from reprise.data.finder import find_duplicates
from reprise.data.ultrasound import generate

TILE = 200
SHIPPED = ("astronaut", "camera", "coffee", "chelsea", "rocket", "coins", "moon", "page", "hubble_deep_field", "brick")
SHIPPED += ("grass", "gravel", "immunohistochemistry", "retina")
SHARES = (0.95, 0.8, 0.6)


def photographs(count: int) -> list[np.ndarray]:
    """Tiles that do not overlap and are not of one colour."""
    whole = [np.asarray(picture) for picture in load_sample_images().images]
    folder = Path(skimage.data.data_dir)
    for name in SHIPPED:
        whole += [np.asarray(Image.open(path).convert("RGB")) for path in sorted(folder.glob(f"{name}.*"))]
    tiles = []
    for picture in whole:
        for top in range(0, picture.shape[0] - TILE + 1, TILE):
            for left in range(0, picture.shape[1] - TILE + 1, TILE):
                tile = picture[top : top + TILE, left : left + TILE]
                if tile.std() > 12:
                    tiles.append(tile)
    order = np.random.default_rng(0).permutation(len(tiles))
    return [tiles[k] for k in order[:count]]


def frames(count: int) -> list[np.ndarray]:
    """Generated ultrasound, one frame a subject."""
    return list(generate(count, 1, seed=0).images)


def cropped(picture: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """A random window with a share of each side."""
    h, w = (round(share * side) for side in picture.shape[:2])
    top, left = (int(rng.integers(0, side - part + 1)) for side, part in zip(picture.shape, (h, w), strict=False))
    return picture[top : top + h, left : left + w]


def measured(pictures: list[np.ndarray], copies: list[np.ndarray], **options: bool) -> tuple[float, int, float]:
    """Recall, pairs that were not planted, and seconds of processor time."""
    with tempfile.TemporaryDirectory() as folder:
        for k, (picture, copy) in enumerate(zip(pictures, copies, strict=True)):
            Image.fromarray(picture).save(Path(folder, f"{k:04}_a.png"))
            Image.fromarray(copy).save(Path(folder, f"{k:04}_b.jpg"), quality=75)
        start = time.process_time()
        found = find_duplicates(Path(folder), progress=False, **options)
        seconds = time.process_time() - start
    planted = sum(found.names[i][:4] == found.names[j][:4] for i, j in found.pairs)
    return planted / len(pictures), len(found.pairs) - planted, seconds


def main() -> None:
    """Prints a row for each kind of copy."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=100)
    arguments = parser.parse_args()
    print(f"{'pictures':<13}{'copies':<16}{'without':>8}{'with the option':>17}{'others':>8}{'CPU s':>9}")
    for name, make in (("photographs", photographs), ("frames", frames)):
        pictures, rng = make(arguments.pictures), np.random.default_rng(1)
        kinds = {"mirrored": ([picture[:, ::-1] for picture in pictures], {"mirrored": True})}
        for share in SHARES:
            kinds[f"cropped to {share:.2f}"] = [cropped(p, share, rng) for p in pictures], {"cropped": True}
        for kind, (copies, options) in kinds.items():
            plain, *_ = measured(pictures, copies)
            recall, others, seconds = measured(pictures, copies, **options)
            print(f"{name:<13}{kind:<16}{plain:8.2f}{recall:17.2f}{others:8}{seconds:9.1f}", flush=True)


if __name__ == "__main__":
    main()
