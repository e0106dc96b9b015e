"""Trains every seed of one variant in one process, resumes what was killed, writes weights and predictions.

A study's ``train.py`` gives ``data(workspace, settings, seed)``, ``build(settings, shapes, structure)`` and
``task(model, settings, seed)``; where training goes on from another variant's networks, ``adopt(model, weights,
settings)`` may say how (see `reprise.networks.adopt` for what happens otherwise). What lies in the output folder
afterwards is the same, bit for bit, whether the run was killed on the way or not (same machine, CPU); a finished seed
is never trained twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from reprise import checkpoints
from reprise.data.batches import Batches, epoch_seed, resident
from reprise.data.parts import Arrays, TrainingData
from reprise.files import leads, replacing, write_json, write_npz, write_text
from reprise.loop import History, Listener, Loop, Weights, precision_for, trainer_for, weights_of
from reprise.networks import adopt, batch_size, predict
from reprise.settings import Settings, TrainingConfig
from reprise.tasks.task import Task


@dataclass
class Result:
    """What one seed ends with.

    Attributes:
        weights: of the epoch that the settings keep.
        best: the best epoch's beside them, where the settings keep both; else empty.
        predictions: by ``PART/NAME``, those of the best weights beside them by ``best/PART/NAME``.
        history: one row of metrics an epoch.
        best_epoch: by the settings' measure; -1 where none is told.
        parameters: how many the network can train.
    """

    weights: Weights
    best: Weights
    predictions: Arrays
    history: list[dict[str, float]]
    best_epoch: int
    parameters: int


def train_seed(
    study: Any,
    settings: Settings,
    data: TrainingData,
    seed: int,
    training: TrainingConfig,
    folder: Path | None = None,
    listener: Listener | None = None,
    progress: bool = False,
    start: Weights | None = None,
) -> Result:
    """Trains one network and predicts validation and test with the weights that the settings keep.

    Args:
        study: module with ``build`` and ``task``.
        settings: of the variant.
        data: arrays of the parts.
        seed: initial weights, order, dropout and augmentation all come from it.
        training: device, precision and strategy.
        folder: where to resume from and to save to; None trains without saving.
        listener: called after every epoch.
        progress: shows Lightning's bar.
        start: the weights that training goes on from.

    Raises:
        ValueError: the loss became infinite or NaN, or the measure never was finite.
    """
    if settings.watches and data.validation is None:
        raise ValueError("nothing to validate on, so that no epoch is best: set keeps: last, without a plateau rule")
    torch.manual_seed(epoch_seed(seed, 2**31))
    model = study.build(settings, data.shapes, data.structure)
    if start is not None:
        study.adopt(model, start, settings) if hasattr(study, "adopt") else adopt(model, start)
    task: Task = study.task(model, settings, seed)
    history = History(folder, listener)
    trainer = trainer_for(settings, training, history, progress, own=bool(task.players()))
    if trainer.world_size > 1 and task.players():
        raise ValueError("training.devices: networks that step in turn train in one process; set it to 1")
    device = trainer.strategy.root_device
    ranks = {"rank": trainer.global_rank, "world": trainer.world_size}
    train = Batches(
        resident(data.train, device), settings.batch_size, seed, epoch=lambda: trainer.current_epoch, **ranks
    )
    validation = None if data.validation is None else Batches(resident(data.validation, device), batch_size(settings))
    if training.compile:
        task.model.compile()
    resume = checkpoints.find(folder, "last", ".ckpt") if folder else None
    try:
        trainer.fit(Loop(task, len(train)), train, validation, ckpt_path=resume and str(resume), weights_only=True)
    except SystemExit as end:  # Lightning makes one of a signal, with code 0 for SIGTERM: that would pass for success
        raise SystemExit(end.code or 143) from None
    kept = {"last": weights_of(task)}
    if settings.keeps != "last":
        if history.best_epoch < 0:
            raise ValueError(
                f"{settings.measure} was not finite in any of {len(history.rows)} epochs: training diverged; lower the "
                "learning rate"
            )
        kept["best"] = history.best_weights
    main = "best" if settings.keeps == "best" else "last"
    predictions: Arrays = {}
    for which in ("last", "best") if settings.keeps == "both" else (main,):
        task.model.load_state_dict(kept[which])
        prefix = "" if which == main else f"{which}/"
        for part, arrays in data.predicted.items():
            found = predict(task, arrays, device, batch_size(settings))
            predictions |= {f"{prefix}{part}/{name}": array for name, array in found.items()}
    best = kept["best"] if settings.keeps == "both" else {}
    parameters = sum(parameter.numel() for parameter in task.model.parameters() if parameter.requires_grad)
    return Result(kept[main], best, predictions, history.rows, history.best_epoch, parameters)


def train_variant(
    study: Any,
    settings: Settings,
    seeds: Iterable[int],
    load: Callable[[int], TrainingData],
    training: TrainingConfig,
    out: Path,
    kept: Path,
    listener: Callable[[int], Listener] | None = None,
    progress: bool = False,
    code: str = "",
    start: Callable[[int], Weights] | None = None,
) -> None:
    """Trains a network for each of ``seeds`` and writes weights, predictions.npz, history.csv and run.json to ``out``.

    Args:
        load: seed -> data.
        kept: folder for what a killed run needs.
        listener: seed -> what to call after every epoch of that seed.
        code: digest of the code; a checkpoint of other code, settings or data is not resumed.
        start: seed -> the weights that training goes on from.

    Raises:
        ValueError: a seed's data has other parts, names, types or sizes than that of the seed before.
    """
    torch.set_num_threads(training.threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    results: dict[int, Result] = {}
    every: list[TrainingData] = []
    for seed in seeds:
        data = load(seed)
        check_alike([*every[:1], data])
        weights = start(seed) if start else None
        folder = kept / f"seed-{seed}-{training_key(settings, training, data, code, weights)}"
        result = _load(folder)
        if result is None:
            folder.mkdir(parents=True, exist_ok=True)
            heard = listener(seed) if listener else None
            result = train_seed(study, settings, data, seed, training, folder, heard, progress, weights)
            if leads():
                _save(result, folder)
                result = _load(folder)
        results[seed] = result
        every.append(data)
    if leads():
        _write(results, every, out, training, settings)


def check_alike(every: list[TrainingData]) -> None:
    """All seeds' data must have the same parts, names, types and sizes: only so can they be written as one array.

    Raises:
        ValueError: they differ; the message names the array and both shapes.
    """
    first, *others = (
        {f"{p}/{n}": (a.shape, str(a.dtype)) for p, v in d.parts.items() for n, a in v.items()} for d in every
    )
    for other in others:
        for name in sorted(first.keys() | other.keys()):
            if first.get(name) != other.get(name):
                shapes = [
                    " ".join(map(str, found)) if found else "nothing" for found in (first.get(name), other.get(name))
                ]
                raise ValueError(
                    f"{name}: {shapes[0]} for the first seed and {shapes[1]} for a later one; the seeds of a variant "
                    "are written as one array, so each must have as many examples of the same kind"
                )


def training_key(
    settings: Settings, training: TrainingConfig, data: TrainingData, code: str, start: Weights | None = None
) -> str:
    """A digest of all that a seed's training depends on, but for the seed."""
    stamp = [settings.model_dump(mode="json"), training.model_dump(mode="json"), data.digest, code]
    if start is not None:
        stamp.append({name: hashlib.blake2b(t.contiguous().numpy().tobytes()).hexdigest() for name, t in start.items()})
    return hashlib.blake2b(json.dumps(stamp, sort_keys=True).encode(), digest_size=8).hexdigest()


def _save(result: Result, folder: Path) -> None:
    """One file a seed; with it the seed is done."""
    tensors = {f"kept/{name}": t.contiguous() for name, t in result.weights.items()}
    tensors |= {f"best/{name}": t.contiguous() for name, t in result.best.items()}
    # as bytes, since safetensors has no tensors of every type that predictions come in
    arrays = {f"predictions/{name}": array for name, array in result.predictions.items()}
    kinds = {name: [str(array.dtype), list(array.shape)] for name, array in arrays.items()}
    tensors |= {n: torch.from_numpy(np.frombuffer(a.tobytes(), np.uint8).copy()) for n, a in arrays.items() if a.size}
    done = {"history": result.history, "best_epoch": result.best_epoch, "parameters": result.parameters}
    metadata = {"done": json.dumps(done | {"kinds": kinds})}
    checkpoints.save(folder, "done", ".safetensors", lambda path: save_file(tensors, path, metadata))
    for path in folder.glob("last-*.ckpt"):
        path.unlink()


def _load(folder: Path) -> Result | None:
    """What a seed ended with; None where it is not done."""
    path = checkpoints.find(folder, "done", ".safetensors")
    if path is None:
        return None
    with safe_open(path, "pt") as file:
        done = json.loads(file.metadata()["done"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  it is no dictionary
    kept, best = (
        {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
        for prefix in ("kept/", "best/")
    )
    predictions = {
        name.removeprefix("predictions/"): (tensors[name].numpy() if name in tensors else np.zeros(0, np.uint8))
        .view(kind)
        .reshape(shape)
        for name, (kind, shape) in done["kinds"].items()
    }
    return Result(kept, best, predictions, done["history"], done["best_epoch"], done["parameters"])


def _write(
    by_seed: dict[int, Result], every: list[TrainingData], out: Path, training: TrainingConfig, settings: Settings
) -> None:
    """All seeds as one: arrays with seeds along the first axis, labels and places in the prepared file included."""
    results = list(by_seed.values())
    arrays = {name: np.stack([result.predictions[name] for result in results]) for name in results[0].predictions}
    for part, content in every[0].parts.items():
        for name, array in content.items():
            if name == "index" or (name == "label" and array.ndim == 1 and part != "train"):
                arrays[f"{part}/{name}"] = np.stack([data.parts[part][name] for data in every])
    weights = {f"seed{i}/{name}": t.contiguous() for i, r in by_seed.items() for name, t in r.weights.items()}
    weights |= {f"best/seed{i}/{name}": t.contiguous() for i, r in by_seed.items() for name, t in r.best.items()}
    columns = sorted({name for result in results for row in result.history for name in row} - {"epoch"})
    lines = [",".join(["seed", "epoch", *columns])]
    for seed, result in by_seed.items():
        for row in result.history:
            values = (f"{row[name]:.7g}" if name in row else "" for name in columns)
            lines.append(",".join([str(seed), f"{row['epoch']:.0f}", *values]))
    write_npz(out / "predictions.npz", **arrays)
    with replacing(out / "weights.safetensors") as temporary:
        save_file(weights, temporary)
    write_text(out / "history.csv", "\n".join(lines) + "\n")
    write_json(
        out / "run.json",
        {
            "parameters": round(np.mean([result.parameters for result in results])),  # pruned networks differ
            "best_epoch": [result.best_epoch for result in results],
            "epochs": [len(result.history) for result in results],
            "examples": {part: len(arrays["index"]) for part, arrays in every[0].parts.items()},
            "shapes": every[0].shapes,
            "structure": [data.structure for data in every],
            "precision": precision_for(training),
            "settings": settings.model_dump(mode="json"),
        },
    )
