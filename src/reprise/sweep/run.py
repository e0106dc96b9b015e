"""The sweep itself: chunks that fit the memory, processes that fill the cores, and parts that outlive a kill."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from reprise.files import read_json, write_json
from reprise.progress import report_text
from reprise.sweep.alone import train_alone
from reprise.sweep.networks import Curve, Network, table
from reprise.sweep.rules import RULES
from reprise.sweep.stacked import train_stacked
from reprise.sweep.work import Examples, Loss, Precision, Work, check

CHUNK = 256  # networks at once: more gain no speed, and what a kill can cost grows
SHARE = 0.7  # of the free memory of a GPU that a chunk may fill
SMALL = 30_000  # parameters up to which a step is mostly overhead, so that stacking is faster on a CPU as well
ACTIVATIONS = 3.0  # what a step holds for the backward pass, over the outputs of all layers

Engine = Literal["auto", "alone", "stacked"]


def sweep(
    build: Callable[[], nn.Module],
    train: Examples,
    networks: Sequence[Network],
    *,
    test: Examples | None = None,
    batch_size: int = 8,
    epochs: int | None = None,
    steps: int | None = None,
    readings: int = 10,
    loss: Loss = F.cross_entropy,
    options: dict[str, dict[str, float]] | None = None,
    device: str | torch.device | None = None,
    engine: Engine = "auto",
    workers: int | None = None,
    precision: Precision = "float32",
    chunk: int | None = None,
    folder: Path | str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, np.ndarray]:
    """Trains every network, each as if it were alone, and returns one tidy table.

    Args:
        build: makes the module; called once a network, after ``torch.manual_seed(network.seed)``.
        train: inputs and targets, the examples along the first axis.
        networks: which, see ``grid``.
        test: inputs and targets; without, ``test_loss`` and ``test_accuracy`` are nan.
        batch_size: examples of a step.
        epochs, steps: how long; one of them, or an epoch where neither is given.
        readings: how many points each curve has, evenly spread.
        loss: outputs and targets of a batch -> mean loss. On a GPU it must be a function of torch alone.
        options: by optimizer, what differs from torch's defaults: ``{"adadelta": {"rho": 0.95}}``.
        device: a GPU where there is one, else the CPU.
        engine: ``stacked`` trains many as one, ``alone`` one after the other; ``auto`` takes what is fastest on the
            device.
        workers: processes for ``alone`` on a CPU; as many as there are cores.
        precision: ``bfloat16`` has the products of the forward and backward pass in it, as ``torch.autocast`` does:
            faster where the hardware has them (AVX-512 BF16, AMX, GPUs), and no longer bit by bit what float32 gives.
        chunk: networks that are stacked at most; as many as fit.
        folder: where finished networks are kept, so that a killed sweep goes on; they count only for the same
            module, data and settings.
        progress: called with (networks done, all of them).

    Returns:
        Columns ``optimizer``, ``learning_rate``, ``dropout``, ``seed``, ``step``, ``loss``, ``accuracy``,
        ``test_loss``, ``test_accuracy``, ``diverged``: one row a network and reading, in the order of ``networks``.
        Training loss and accuracy are means since the last reading; ``diverged`` is the step whose loss was no number,
        or 0, and everything from there on is nan.

    Raises:
        ValueError: nothing to train, or settings that do not fit each other.
    """
    networks = list(networks)
    if not networks:
        raise ValueError("no networks: `grid` makes some")
    work = _work(build, train, test, batch_size, epochs, steps, readings, loss, options or {}, precision)
    for name in {network.optimizer for network in networks}:
        work.options_of(name)
    device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    if engine == "auto":
        size = sum(parameter.numel() for parameter in work.fresh(0).parameters())
        engine = "alone" if device.type == "cpu" and size > SMALL else "stacked"
    kept = _Kept(None if folder is None else Path(folder), work)
    curves = {number: curve for number, network in enumerate(networks) if (curve := kept.find(network)) is not None}
    waiting = [number for number in range(len(networks)) if number not in curves]

    def done(number: int, curve: Curve) -> None:
        curves[number] = curve
        kept.add(networks[number], curve)
        report_text(f"{len(curves)} of {len(networks)} networks")
        if progress is not None:
            progress(len(curves), len(networks))

    if engine == "stacked":
        _stacked(work.to(device), networks, waiting, chunk, done)
    else:
        processes = 1 if device.type != "cpu" else (workers or len(os.sched_getaffinity(0)))
        _alone(work.to(device), networks, waiting, processes, done)
    return table(networks, [curves[number] for number in range(len(networks))])


def _work(
    build: Callable[[], nn.Module],
    train: Examples,
    test: Examples | None,
    batch_size: int,
    epochs: int | None,
    steps: int | None,
    readings: int,
    loss: Loss,
    options: dict[str, dict[str, float]],
    precision: Precision,
) -> Work:
    if epochs is not None and steps is not None:
        raise ValueError("epochs and steps: give one of them")
    unknown = sorted(set(options) - set(RULES))
    if unknown:
        raise ValueError(f"options: no optimizer {', '.join(unknown)} (valid: {', '.join(RULES)})")
    if steps is None:
        steps = (1 if epochs is None else epochs) * (len(train[0]) // max(1, batch_size))
    if readings < 1:
        raise ValueError(f"readings={readings}: expected 1 or more")
    points = tuple(sorted({round(steps * (i + 1) / readings) for i in range(readings)} - {0}))
    work = Work(build, train, test, batch_size, steps, points, loss, options, precision)
    check(work)
    return work


def _alone(
    work: Work, networks: list[Network], waiting: list[int], processes: int, done: Callable[[int, Curve], None]
) -> None:
    """One network after the other, in several processes where there is more than one core."""
    if processes == 1 or len(waiting) < 2:
        for number in waiting:
            done(number, train_alone(work, networks[number])[0])
        return
    # forked, so that `build` may be any function and the examples are not copied; one thread each
    context = multiprocessing.get_context("fork")
    _Task.work, _Task.networks = work, networks
    with context.Pool(min(processes, len(waiting)), _one_thread) as pool:
        for number, curve in pool.imap_unordered(_Task.train, waiting):
            done(number, curve)


class _Task:
    """What forked processes find: a closure could not be sent to them."""

    work: Work
    networks: list[Network]

    @staticmethod
    def train(number: int) -> tuple[int, Curve]:
        return number, train_alone(_Task.work, _Task.networks[number])[0]


def _one_thread() -> None:
    torch.set_num_threads(1)


def _stacked(
    work: Work, networks: list[Network], waiting: list[int], chunk: int | None, done: Callable[[int, Curve], None]
) -> None:
    for numbers in _chunks(work, networks, waiting, chunk):
        curves, _ = train_stacked(
            work,
            [networks[number] for number in numbers],
            lambda step, stack: report_text(f"step {step} of {work.steps}, many networks at once"),
        )
        for number, curve in zip(numbers, curves, strict=True):
            done(number, curve)


def _chunks(work: Work, networks: list[Network], waiting: list[int], chunk: int | None) -> Iterator[list[int]]:
    for name in dict.fromkeys(networks[number].optimizer for number in waiting):
        group = [number for number in waiting if networks[number].optimizer == name]
        size = chunk or min(CHUNK, fitting(work, RULES[name].states))
        for start in range(0, len(group), size):
            yield group[start : start + size]


def fitting(work: Work, states: int) -> int:
    """How many networks the device's free memory holds: parameters, gradients, states and activations; 1 at least."""
    device = work.train[0].device
    if device.type != "cuda":
        return CHUNK
    free = torch.cuda.mem_get_info(device)[0] * SHARE
    model, outputs = work.fresh(0), []
    hooks = [
        layer.register_forward_hook(lambda _, __, out: outputs.append(out.numel() if hasattr(out, "numel") else 0))
        for layer in model.modules()
        if not any(True for _ in layer.children())
    ]
    with torch.no_grad():
        model(work.train[0][: work.batch_size].to("cpu"))
    for hook in hooks:
        hook.remove()
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return max(1, int(free / (4 * (parameters * (3 + states) + ACTIVATIONS * sum(outputs)))))


class _Kept:
    """Finished networks, one small file each."""

    def __init__(self, folder: Path | None, work: Work) -> None:
        self.folder = None if folder is None else folder / work.digest

    def _path(self, network: Network) -> Path:
        name = hashlib.blake2b(repr(astuple(network)).encode(), digest_size=12).hexdigest()
        return self.folder / f"{name}.json"

    def find(self, network: Network) -> Curve | None:
        """A network's curve, where it was finished; a damaged file does not count."""
        if self.folder is None or not self._path(network).is_file():
            return None
        try:
            found: Any = read_json(self._path(network))
            curve = Curve(found["steps"])
            values = [[np.nan if value is None else float(value) for value in column] for column in found["read"]]
            for row in zip(*values, strict=True):
                curve.add(*row)
            curve.diverged = int(found["diverged"])
        except (ValueError, TypeError, KeyError):
            return None
        return curve if len(curve.loss) == len(curve.steps) else None

    def add(self, network: Network, curve: Curve) -> None:
        """Keeps a finished network."""
        if self.folder is not None:
            read = [[value if np.isfinite(value) else None for value in column] for column in curve.read]
            write_json(self._path(network), {"steps": list(curve.steps), "read": read, "diverged": int(curve.diverged)})
