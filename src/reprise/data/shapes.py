"""Generated 32 x 32 colour images of ten classes, in place of CIFAR-10 where there is no network.

A class is a shape, a texture and a hue. There are five of each and every one belongs to two classes, so that one cue
alone leaves two candidates; each is also noisy, so that all three help. A quarter turn makes wide shapes tall, upright
triangles lie on their side and horizontal stripes vertical: what is seen depends on the orientation, as in photographs.
Mirroring left to right changes no class.
"""

from __future__ import annotations

import numpy as np

SIDE = 32
SHAPES = ("upright triangle", "hanging triangle", "wide bar", "tall bar", "disc")
TEXTURES = ("lying stripes", "standing stripes", "checks", "rings", "plain")
HUES = ("red", "yellow-green", "green-cyan", "blue", "magenta")
SHAPE = tuple(k % 5 for k in range(10))
TEXTURE = tuple((k + 2 * (k // 5)) % 5 for k in range(10))
HUE = tuple((2 * k + k // 5) % 5 for k in range(10))
CLASSES = tuple(f"{TEXTURES[t]}, {HUES[h]} {SHAPES[s]}" for s, t, h in zip(SHAPE, TEXTURE, HUE, strict=True))
CHUNK = 500  # images drawn at once: what fits the processor's cache


def generate(train: int, test: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draws training and test images.

    Args:
        train: number of training images, 10 or more.
        test: number of test images, 10 or more.
        seed: the same seed and numbers draw the same images.

    Returns:
        Training images (train, 32, 32, 3) uint8 and labels (train,) int64, test images and labels. Classes are as
        equally frequent as the numbers allow, in random order.

    Raises:
        ValueError: fewer than ten images in either.
    """
    if min(train, test) < 10:
        raise ValueError(f"train={train}, test={test}: ten classes need ten images at least in each")
    (train_images, train_labels), (test_images, test_labels) = (
        _part(count, np.random.default_rng([seed, part])) for part, count in enumerate((train, test))
    )
    return train_images, train_labels, test_images, test_labels


def _part(count: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    labels = generator.permutation(np.arange(count) % 10)
    images = np.empty((count, SIDE, SIDE, 3), np.uint8)
    for start in range(0, count, CHUNK):
        chunk = slice(start, start + CHUNK)
        images[chunk] = _draw(labels[chunk], generator)
    return images, labels


def _draw(labels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """(n,) labels -> (n, 32, 32, 3) uint8."""
    n = len(labels)

    def uniform(low: float, high: float, *shape: int) -> np.ndarray:
        return generator.uniform(low, high, (n, *(shape or (1, 1)))).astype(np.float32)

    axis = (np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE * 2 - 1
    x, y = axis[None, None, :] - uniform(-0.3, 0.3), axis[None, :, None] - uniform(-0.3, 0.3)
    size, tilt = uniform(0.45, 0.85), uniform(-0.3, 0.3)  # radians: about 17 degrees either way
    u, v = (np.cos(tilt) * x + np.sin(tilt) * y) / size, (np.cos(tilt) * y - np.sin(tilt) * x) / size

    inside = np.clip(_shape(np.take(SHAPE, labels), u, v) * size * SIDE / 2 + 0.5, 0, 1)  # one pixel of soft edge
    wave = 2 * np.pi * size / uniform(0.3, 0.45)
    texture = _texture(np.take(TEXTURE, labels), u * wave, v * wave, uniform(0, 2 * np.pi))
    hue = np.take(HUE, labels)[:, None, None] / 5 + generator.normal(0, 0.1, (n, 1, 1)).astype(np.float32)
    light = uniform(0.3, 0.95) * (1 + uniform(0.15, 0.45) * texture)
    tint = _rgb(hue, uniform(0.2, 0.7))  # (n, 3, 1, 1)

    direction, phase = uniform(0, 2 * np.pi), uniform(0, 2 * np.pi)
    ripple = np.sin(uniform(2, 12) * (np.cos(direction) * x + np.sin(direction) * y) + phase)

    # colours along the second axis while computing: an innermost axis of three is slow
    image = generator.random((n, 3, SIDE, SIDE), np.float32)
    image -= 0.5
    image *= uniform(0.05, 0.6, 1, 1, 1)
    ground = uniform(-0.25, 0.25, 3, 1, 1) * ripple[:, None]
    ground += uniform(0.15, 0.95, 3, 1, 1)
    figure = light[:, None] * tint
    figure -= ground
    figure *= inside[:, None]
    image += ground
    image += figure
    image *= 255
    np.clip(image, 0, 255, out=image)
    return np.ascontiguousarray(np.rint(image, out=image).astype(np.uint8).transpose(0, 2, 3, 1))


def _shape(kind: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Signed height above the outline, positive inside; (n,) kinds, (n, 32, 32) coordinates (v points down)."""
    height = np.empty(u.shape, np.float32)
    for k in range(5):
        a, b = np.abs(u[kind == k]), v[kind == k]
        if k < 2:
            b = b if k == 0 else -b
            height[kind == k] = np.minimum(0.7 - b, (b + 1) * 0.6 - a)
        elif k < 4:
            long, short = (a, np.abs(b)) if k == 2 else (np.abs(b), a)
            height[kind == k] = np.minimum(1 - long, 0.5 - short)
        else:
            height[kind == k] = 0.75 - np.hypot(a, b)
    return height


def _texture(kind: np.ndarray, u: np.ndarray, v: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Waves in [-1, 1]; (n,) kinds, (n, 32, 32) coordinates in radians, (n, 1, 1) phases."""
    wave = np.zeros(u.shape, np.float32)
    for k in range(4):
        a, b, p = u[kind == k], v[kind == k], phase[kind == k]
        if k == 2:
            wave[kind == k] = np.sign(np.sin(a + p) * np.sin(b + p))
        else:
            wave[kind == k] = np.sin((b, a, None, np.hypot(a, b))[k] + p)
    return wave


def _rgb(hue: np.ndarray, saturation: np.ndarray) -> np.ndarray:
    """Hue in turns and saturation, (n, 1, 1) each -> (n, 3, 1, 1) at full value."""
    offset = np.array([0, 2 / 3, 1 / 3], np.float32)[:, None, None]
    ramp = np.clip(np.abs((hue[:, None] + offset) % 1 * 6 - 3) - 1, 0, 1)
    return 1 - saturation[:, None] * (1 - ramp)
