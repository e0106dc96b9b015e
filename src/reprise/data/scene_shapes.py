"""Generated scenes: shapes of 20 classes, one behind the other, with thin parts that a coarse answer misses.

A class is a colour (of five) with a pattern (of four); the form says nothing of it. Forms are discs, rings, crosses,
stars and bars of 28 to 80 pixels, with holes and arms of 6 to 16: finer than a stride of 32, and many than one of 16.
So a network whose last scores are 32 pixels apart cannot draw them and one with 8 can: 32s < 16s < 8s in detail.
"""

from __future__ import annotations

import numpy as np

COLOURS = ("red", "yellow", "green", "blue", "violet")
PATTERNS = ("plain", "striped", "checked", "dotted")
CLASSES = ("ground", *(f"{pattern} {colour}" for colour in COLOURS for pattern in PATTERNS))
FORMS = ("disc", "ring", "cross", "star", "bar")
RGB = np.array([[200, 60, 50], [215, 190, 60], [70, 165, 85], [60, 110, 200], [150, 80, 180]], np.float32)
PERIOD = 8  # pixels of a pattern


def generate(count: int, size: int, seed: int, first: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scenes and their labels; scene k of a seed is the same whatever the number of scenes.

    Args:
        count: scenes.
        size: their side in pixels, 64 or more.
        seed: of all of them.
        first: number of the first.

    Returns:
        (count, size, size, 3) uint8 and (count, size, size) uint8: 0 ground, 1 to 20 the class of the shape in front.
    """
    if count < 1 or size < 64:
        raise ValueError(f"found {count} scenes of {size} pixels; at least 1 of 64 are needed")
    pairs = [scene(size, np.random.default_rng([seed, first + number])) for number in range(count)]
    return np.stack([image for image, _ in pairs]), np.stack([label for _, label in pairs])


def scene(size: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """One scene: (size, size, 3) uint8 and (size, size) uint8."""
    y, x = np.mgrid[:size, :size].astype(np.float32)
    direction = generator.uniform(0, 2 * np.pi)
    ramp = (np.cos(direction) * x + np.sin(direction) * y) / size
    image = generator.uniform(90, 150) + 40 * ramp[..., None] + generator.uniform(-15, 15, 3)
    label = np.zeros((size, size), np.uint8)
    for _ in range(int(generator.integers(5, 9) * (size / 128) ** 2) or 1):
        number = int(generator.integers(1, len(CLASSES)))
        radius = generator.uniform(14, 40)
        cx, cy = generator.uniform(0, size, 2)
        turn = generator.uniform(0, 2 * np.pi)
        u = np.cos(turn) * (x - cx) + np.sin(turn) * (y - cy)
        v = np.cos(turn) * (y - cy) - np.sin(turn) * (x - cx)
        inside = form(FORMS[int(generator.integers(len(FORMS)))], u, v, radius, generator.uniform(6, 16))
        colour, pattern = divmod(number - 1, len(PATTERNS))
        light = _pattern(pattern, u, v) * generator.uniform(0.85, 1.15)
        image[inside] = RGB[colour] * light[inside, None]
        label[inside] = number
    image += generator.normal(0, 10, image.shape)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8), label


def form(name: str, u: np.ndarray, v: np.ndarray, radius: float, thin: float) -> np.ndarray:
    """Where a form is: bool, of the shape of its own coordinates u and v in pixels; ``thin``: width of its arms."""
    if name == "disc":
        return np.hypot(u, v) <= radius
    if name == "ring":
        return np.abs(np.hypot(u, v) - (radius - thin / 2)) <= thin / 2
    if name == "cross":
        arm = np.minimum(np.abs(u), np.abs(v)) <= thin / 2
        return arm & (np.maximum(np.abs(u), np.abs(v)) <= radius)
    if name == "star":
        angle = np.arctan2(v, u)
        return np.hypot(u, v) <= radius * (0.35 + 0.65 * np.abs(np.cos(2.5 * angle)) ** 2)
    if name == "bar":
        return (np.abs(u) <= radius) & (np.abs(v) <= thin / 2)
    raise ValueError(f"form: found {name!r}, expected one of {', '.join(FORMS)}")


def _pattern(number: int, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Brightness of a pattern, 0.55 to 1."""
    wave = 2 * np.pi / PERIOD
    if number == 0:
        return np.ones_like(u)
    if number == 1:
        on = np.sin(wave * u) > 0
    elif number == 2:
        on = np.sin(wave * u) * np.sin(wave * v) > 0
    else:
        on = np.cos(wave * u) + np.cos(wave * v) > 0.8
    return np.where(on, 1.0, 0.55).astype(np.float32)
