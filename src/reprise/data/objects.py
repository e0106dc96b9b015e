"""Scenes with several objects, their boxes, masks and classes: generated, or official pictures of the same form.

A generated scene has a textured ground and one to five shapes of sizes from a twelfth to two thirds of the side, three
octaves, each octave as often as the others. What comes later may cover up to half of what came before: masks and boxes
are those of what is seen. Colours tell little: each class has its own hue on average, with as much spread.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from reprise.data import pennfudan, voc
from reprise.data.annotated import Pictures, padded, read_all
from reprise.data.pennfudan import boxes_of
from reprise.settings import Strict

CLASSES = ("disc", "square", "triangle", "cross")
MOST_OBJECTS = 5
OCTAVES = 3
SMALLEST = 1 / 12  # of the side
SEEN = 0.5  # share of an object that must stay to be seen
TRIES = 20  # places that are tried for an object before it is left out


class Config(Strict):
    """The section ``data.objects`` of params.yaml."""

    official: Literal["pennfudan", "voc"] = Field("pennfudan", description="which set, with data.source: real")
    train: int = Field(ge=4, description="generated scenes")
    test: int = Field(ge=4, description="generated scenes")
    size: int = Field(ge=32, le=1024, multiple_of=32, description="side in pixels")
    seed: int = Field(ge=0, description="of the generator")


def make(config: Config, source: str, raw: Path, out: Path) -> None:
    """Generates, or reads the official files beside ``raw``, and writes the prepared file."""
    if source == "generated":
        found = generate(config.train, config.test, config.size, config.seed)
    else:
        found = read(raw.with_name(config.official), config)
    found.write(out)


def read(folder: Path, config: Config) -> Pictures:
    """The official pictures; every third is for testing."""
    rows = pennfudan.read(folder) if config.official == "pennfudan" else voc.read(folder)
    return read_all(rows, config.size, None)


def generate(train: int, test: int, size: int, seed: int) -> Pictures:
    """Draws scenes; a scene is the same whatever the number of others.

    Args:
        train, test: how many.
        size: side in pixels.
        seed: the same one draws the same scenes.
    """
    drawn = [
        draw(size, np.random.default_rng([seed, part, i]))
        for part, many in enumerate((train, test))
        for i in range(many)
    ]
    images, classes, masks = zip(*drawn, strict=True)
    return padded(images, [boxes_of(m) for m in masks], classes, masks, np.arange(train + test) >= train, CLASSES)


def draw(size: int, rng: np.random.Generator) -> tuple[np.ndarray, list[int], np.ndarray]:
    """One scene: (size, size, 3) uint8, classes of its objects, (objects, size, size) masks of what is seen of them."""
    y, x = np.mgrid[:size, :size].astype(np.float32) + 0.5
    image = _ground(x, y, size, rng)
    masks = np.zeros((0, size, size), bool)
    classes: list[int] = []
    whole: list[int] = []
    for _ in range(int(rng.integers(1, MOST_OBJECTS + 1))):
        side = size * SMALLEST * 2.0 ** rng.uniform(0, OCTAVES)
        kind = int(rng.integers(len(CLASSES)))
        tint = _tint(kind, rng)
        for _ in range(TRIES):
            centre = rng.uniform(side / 2, size - side / 2, 2).astype(np.float32)
            alpha = _shape(kind, x - centre[0], y - centre[1], side / 2, rng.uniform(-0.25, 0.25))
            mask = alpha > 0.5
            left = masks & ~mask
            if mask.any() and all(part.sum() >= SEEN * area for part, area in zip(left, whole, strict=True)):
                break
        else:
            continue
        wave = np.sin((x * tint[3] + y * tint[4]) * 2 * np.pi / max(side / 3, 3)) * 0.15 + 1
        image += alpha[..., None] * (tint[:3] * wave[..., None] - image)
        masks = np.concatenate([left, mask[None]])
        classes.append(kind)
        whole.append(int(mask.sum()))
    noise = rng.normal(0, rng.uniform(0.01, 0.06), image.shape).astype(np.float32)
    return np.rint(np.clip(image + noise, 0, 1) * 255).astype(np.uint8), classes, masks


def _ground(x: np.ndarray, y: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    image = np.empty((size, size, 3), np.float32)
    image[:] = rng.uniform(0.25, 0.75, 3)
    for _ in range(4):
        direction, length = rng.uniform(0, 2 * np.pi), size * 2.0 ** rng.uniform(-4, 0)
        ripple = np.sin((x * np.cos(direction) + y * np.sin(direction)) * 2 * np.pi / length + rng.uniform(0, 6.3))
        image += ripple[..., None].astype(np.float32) * rng.uniform(-0.08, 0.08, 3).astype(np.float32)
    return image


def _tint(kind: int, rng: np.random.Generator) -> np.ndarray:
    """Red, green, blue in [0, 1] and the direction of the stripes."""
    hue = kind / len(CLASSES) + rng.normal(0, 0.25)
    colour = 0.5 + 0.5 * np.cos(2 * np.pi * (hue - np.arange(3) / 3))
    light, turn = rng.uniform(0.45, 1), rng.uniform(0, 2 * np.pi)
    return np.array([*(light * (0.15 + 0.85 * colour)), np.cos(turn), np.sin(turn)], np.float32)


def _shape(kind: int, x: np.ndarray, y: np.ndarray, radius: float, tilt: float) -> np.ndarray:
    """How much of each pixel a shape covers, about; its box is about two radii wide and high."""
    u = (np.cos(tilt) * x + np.sin(tilt) * y) / radius
    v = (np.cos(tilt) * y - np.sin(tilt) * x) / radius
    if kind == 0:
        height = 1 - np.hypot(u, v)
    elif kind == 1:
        height = 0.85 - np.maximum(abs(u), abs(v))
    elif kind == 2:
        height = np.minimum(0.9 - v, ((v + 1) * 0.55 - abs(u)))
    else:
        arms = np.minimum(0.32 - np.minimum(abs(u), abs(v)), 0.95 - np.maximum(abs(u), abs(v)))
        height = arms
    return np.clip(height * radius + 0.5, 0, 1).astype(np.float32)
