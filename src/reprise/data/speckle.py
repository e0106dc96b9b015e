"""Generated ultrasound: sweeps of speckle and layered tissue through which a nerve passes, with planted truth.

Every subject is a piece of tissue that varies along the direction in which the probe is moved (``z``). A frame is a cut
through it: bright fascia and streaks, attenuated with depth, times speckle whose amplitude is Rayleigh distributed and
correlated over a few pixels, compressed as scanners do. The probe comes back to places it has seen; such frames are the
near-duplicates, each kind as it occurs in life: the same frame with a little noise; or the place seen again, so with
fresh speckle, and with nothing else, another gain, a shift of a few pixels, or a little drift. Labels of
near-duplicates are emptied at a planted rate.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, zoom

KINDS = ("copy", "speckle", "gain", "shift", "drift")
MARGIN = 8  # pixels around the frame, so that shifts show real tissue
SPACING = 2.5  # steps of z between different places
NERVE_SHARE = 0.72  # of places show the nerve, before labels are emptied
CONFLICT_SHARE = 0.64  # of groups with a nerve get contradictory labels


@dataclass(frozen=True)
class Subject:
    """One subject's frames; arrays as in :class:`reprise.data.ultrasound.Frames`."""

    images: np.ndarray
    true_masks: np.ndarray
    group: np.ndarray
    original: np.ndarray
    flipped: np.ndarray


class Tissue:
    """What lies under the probe, as a function of z."""

    def __init__(self, rng: np.random.Generator, size: tuple[int, int]) -> None:
        self.rng = rng
        self.size = (size[0] + 2 * MARGIN, size[1] + 2 * MARGIN)
        height, width = self.size
        self.y, self.x = np.mgrid[0:height, 0:width].astype(np.float32)
        self.speckle_fields = [self._speckle() for _ in range(3)]
        self.streaks = [self._field((0.007 * height, 0.045 * width)) for _ in range(4)]
        self.clouds = [self._field((0.06 * height, 0.12 * width)) for _ in range(4)]
        self.layers = [self._layer(i) for i in range(rng.integers(5, 8))]
        self.attenuation = rng.uniform(0.9, 1.5)
        self.vessels = [self._vessel() for _ in range(rng.integers(1, 4))]
        self.nerve = {
            "row": rng.uniform(0.26, 0.5) * height,
            "column": rng.uniform(0.3, 0.7) * width,
            "a": rng.uniform(0.1, 0.15) * height,
            "b": rng.uniform(0.06, 0.085) * width,
            "tilt": rng.uniform(-0.7, 0.7),
            "drift": rng.normal(0, 0.006, 2) * (height, width),
            "cells": rng.uniform(0.9, 1.3),
            "phase": rng.uniform(0, 2 * np.pi, 2),
            "rim": rng.uniform(0.4, 1.0),
        }

    def _field(self, sigma: tuple[float, float]) -> np.ndarray:
        """A smooth random field of unit deviation, made on a coarse grid where it is smooth enough."""
        step = max(1, int(min(sigma) / 2))
        shape = [-(-side // step) + 1 for side in self.size]
        field = gaussian_filter(self.rng.standard_normal(shape, np.float32), [s / step for s in sigma], mode="wrap")
        field = zoom(field, step, order=1)[: self.size[0], : self.size[1]] if step > 1 else field[:-1, :-1]
        return (field / field.std()).astype(np.float32)

    def _speckle(self) -> np.ndarray:
        """A complex Gaussian field seen through the point spread function: wider across than along the beam."""
        parts = self.rng.standard_normal((2, *self.size), np.float32)
        parts = gaussian_filter(parts, (0, 1.2, 2.6), mode="wrap")
        field = parts[0] + 1j * parts[1]
        return (field / np.sqrt(np.mean(np.abs(field) ** 2))).astype(np.complex64)

    def _vessel(self) -> dict[str, float]:
        """A dark ellipse: what a nerve is mistaken for."""
        rng = self.rng
        return {
            "row": rng.uniform(0.25, 0.8) * self.size[0],
            "column": rng.uniform(0.1, 0.9) * self.size[1],
            "a": rng.uniform(0.05, 0.1) * self.size[0],
            "b": rng.uniform(0.04, 0.09) * self.size[1],
            "drift": rng.normal(0, 2),
            "rim": rng.uniform(0.3, 1.0),
        }

    def _layer(self, number: int) -> dict[str, float]:
        rng = self.rng
        return {
            "depth": (0.05 + 0.13 * number + rng.uniform(-0.03, 0.03)) * self.size[0],
            "slope": rng.normal(0, 0.05),
            "swing": rng.uniform(2, 12),
            "length": rng.uniform(0.6, 1.6) * self.size[1],
            "phase": rng.uniform(0, 2 * np.pi),
            "turn": rng.uniform(0.25, 0.6),
            "thick": rng.uniform(2, 5),
            "bright": rng.uniform(0.8, 1.6),
        }

    def cut(self, z: float, centre: float | None, fresh: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """The frame at z, margins included.

        Args:
            z: place along the sweep.
            centre: where along z the nerve is thickest; None where this frame shows none.
            fresh: new speckle instead of that of the place (the probe was lifted in between).

        Returns:
            amplitude (h, w) before compression, and the nerve's mask (h, w) bool.
        """
        echo = 0.75 * _blend(self.streaks, z) + 0.5 * _blend(self.clouds, z)
        for layer in self.layers:
            wave = np.sin(2 * np.pi * self.x[0] / layer["length"] + layer["phase"] + layer["turn"] * z)
            line = layer["depth"] + layer["slope"] * (self.x[0] - self.size[1] / 2) + layer["swing"] * wave
            top = max(0, int(line.min() - 4 * layer["thick"]))
            end = int(line.max() + 4 * layer["thick"]) + 1
            echo[top:end] += 1.6 * layer["bright"] * np.exp(-(((self.y[top:end] - line) / layer["thick"]) ** 2))
        for vessel in self.vessels:
            part, radius, _ = self._ellipse(
                vessel["row"], vessel["column"] + vessel["drift"] * z, vessel["a"], vessel["b"]
            )
            echo[part] -= 1.1 / (1 + np.exp(18 * (radius - 1)))
            echo[part] += vessel["rim"] * np.exp(-(((radius - 1.1) / 0.12) ** 2))
        mask = np.zeros(self.size, bool)
        if centre is not None:
            self._add_nerve(echo, mask, z, centre)
        echo -= self.attenuation * self.y / self.size[0]
        field = self._speckle() if fresh else _turn(self.speckle_fields, z)
        return np.exp(0.8 * echo) * (0.25 + np.abs(field)), mask

    def _ellipse(self, row: float, column: float, a: float, b: float, tilt: float = 0.0) -> tuple:
        """The window around an ellipse, the radius there (1 on its border), and its own coordinates."""
        reach = int(1.6 * max(a, b)) + 1
        rows = slice(max(0, int(row) - reach), max(0, int(row) + reach))
        columns = slice(max(0, int(column) - reach), max(0, int(column) + reach))
        dy, dx = self.y[rows, columns] - row, self.x[rows, columns] - column
        u = (dx * np.cos(tilt) + dy * np.sin(tilt)) / b
        v = (-dx * np.sin(tilt) + dy * np.cos(tilt)) / a
        return (rows, columns), np.sqrt(u * u + v * v), (u, v)

    def _add_nerve(self, echo: np.ndarray, mask: np.ndarray, z: float, centre: float) -> None:
        """An ellipse with a bright rim and dark round fascicles inside: a honeycomb."""
        nerve = self.nerve
        scale = 1 - 0.25 * min(1.0, abs(z - centre) / 12)
        row = nerve["row"] + nerve["drift"][0] * (z - centre)
        column = nerve["column"] + nerve["drift"][1] * (z - centre)
        part, radius, (u, v) = self._ellipse(row, column, nerve["a"] * scale, nerve["b"] * scale, nerve["tilt"])
        inside = radius < 1
        cells = np.sin(7 * nerve["cells"] * u + nerve["phase"][0]) * np.sin(7 * nerve["cells"] * v + nerve["phase"][1])
        patch = echo[part]
        patch[inside] = 0.35 * patch[inside] + 0.55 - 1.5 * np.maximum(cells[inside], 0)
        patch += 1.5 * nerve["rim"] * np.exp(-(((radius - 1) / 0.1) ** 2))
        mask[part] = inside


def subject(frames: int, rng: np.random.Generator, size: tuple[int, int]) -> Subject:
    """One subject's sweep: places visited in order, many of them several times."""
    tissue = Tissue(rng, size)
    plan = _plan(frames, rng)
    amplitudes_top = None
    images = np.empty((frames, *size), np.uint8)
    masks = np.empty((frames, *size), bool)
    height, width = size
    for i, visit in enumerate(plan):
        z, centre = visit["z"] + (0.12 * rng.standard_normal() if visit["kind"] == "drift" else 0.0), visit["centre"]
        amplitude, mask = tissue.cut(z, centre, fresh=visit["kind"] not in (None, "copy"))
        if amplitudes_top is None:
            amplitudes_top = np.quantile(amplitude[::4, ::4], 0.995)
        compressed = 255 * np.clip(np.log1p(22 * amplitude / amplitudes_top) / np.log1p(22), 0, 1) ** 1.35
        if visit["kind"] == "gain":
            compressed = compressed * rng.choice([rng.uniform(0.75, 0.92), rng.uniform(1.08, 1.25)])
        shift = rng.integers(-3, 4, 2) if visit["kind"] == "shift" else (0, 0)
        top, left = MARGIN + shift[0], MARGIN + shift[1]
        window = (slice(top, top + height), slice(left, left + width))
        noise = rng.normal(0, 1.5, size).astype(np.float32) if visit["kind"] is not None else np.float32(0)
        images[i] = np.clip(compressed[window] + noise + 0.5, 0, 255).astype(np.uint8)
        masks[i] = mask[window]
    group = np.array([visit["group"] for visit in plan], np.int32)
    first = {visit["group"]: i for i, visit in enumerate(plan) if visit["kind"] is None}
    original = np.array([-1 if first[g] == i else first[g] for i, g in enumerate(group)], np.int32)
    return Subject(images, masks, group, original, _flips(group, masks.any((1, 2)), rng))


def _plan(frames: int, rng: np.random.Generator) -> list[dict]:
    """Which place each frame shows, in the order of time; groups are places."""
    sizes: list[int] = []
    while sum(sizes) < frames:
        sizes.append(int(rng.choice([1, 2, 3, 4], p=[0.2, 0.35, 0.3, 0.15])))
    sizes[-1] -= sum(sizes) - frames
    places = len(sizes)
    shown = round(NERVE_SHARE * places)
    start = int(rng.integers(0, places - shown + 1))
    timed: list[tuple[float, dict]] = []
    for place, count in enumerate(sizes):
        z = SPACING * place
        centre = SPACING * (start + shown / 2) if start <= place < start + shown else None
        for visit in range(count):
            kind = None if visit == 0 else str(rng.choice(KINDS))
            again = rng.random() < 0.3 and visit > 0  # comes back later in the sweep
            when = place + 0.1 * visit + (rng.uniform(1, places) if again else 0)
            timed.append((when, {"group": place, "kind": kind, "z": z, "centre": centre}))
    return [visit for _, visit in sorted(timed, key=lambda item: item[0])]


def _flips(group: np.ndarray, present: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Empties some, but not all, labels of near-duplicates that show the nerve."""
    flipped = np.zeros(len(group), bool)
    for place in np.unique(group):
        members = np.flatnonzero((group == place) & present)
        if len(members) > 1 and rng.random() < CONFLICT_SHARE:
            flipped[rng.choice(members, int(rng.integers(1, len(members))), replace=False)] = True
    return flipped


def _blend(fields: list[np.ndarray], z: float) -> np.ndarray:
    """A random field that changes smoothly with z and is new after about three places."""
    angle = 0.55 * z + np.arange(len(fields)) * np.pi / len(fields) * 1.7
    weights = np.cos(angle * np.array([1.0, 1.37, 0.81, 1.13])[: len(fields)])
    weights /= np.sqrt((weights**2).sum())
    return np.einsum("k,khw->hw", weights.astype(np.float32), np.stack(fields))


def _turn(fields: list[np.ndarray], z: float) -> np.ndarray:
    """Speckle of a place: gone after a fraction of a place, and the same again when the probe comes back."""
    angles = 6.0 * z * np.array([1.0, 1.6, 2.3])[: len(fields)]
    weights = np.exp(1j * angles) / np.sqrt(len(fields))
    return sum(np.complex64(weight) * field for weight, field in zip(weights, fields, strict=True))


def subjects(count: int, frames: int, seed: int, size: tuple[int, int], threads: int | None = None) -> list[Subject]:
    """``count`` subjects; subject k depends on (seed, k) alone."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda k: subject(frames, np.random.default_rng([seed, k]), size), range(count)))
