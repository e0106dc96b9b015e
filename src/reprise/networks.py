"""Trained networks, loaded again from what training wrote, to be asked something new: never a retraining.

Needs torch and not Lightning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from reprise.data.batches import Batches, resident
from reprise.data.parts import Arrays
from reprise.files import read_json
from reprise.registry import import_part
from reprise.settings import Settings, TrainingConfig
from reprise.tasks.task import Task
from reprise.workspace import Workspace

Weights = dict[str, Tensor]
Kept = Literal["kept", "best"]


@dataclass(frozen=True)
class Network:
    """One trained network.

    Attributes:
        task: the network with its task; ``task.model`` is the network itself, in evaluation mode.
        settings: of its variant, as it was trained.
        seed: of its run.
        structure: what it was built from beside the settings.
        shapes: shape of one example of every array it was trained on.
        device: where it lives.
    """

    task: Task
    settings: Settings
    seed: int
    structure: Any
    shapes: dict[str, tuple[int, ...]]
    device: torch.device

    @property
    def model(self) -> nn.Module:
        """The network itself."""
        return self.task.model

    def predict(self, arrays: Arrays) -> Arrays:
        """What the task predicts for each example, in batches as large as training's predictions."""
        return predict(self.task, arrays, self.device, batch_size(self.settings))

    def with_task(self, task: Task) -> Network:
        """The same place for another task: a network built otherwise from this one's weights, say."""
        return replace(self, task=task.to(self.device).eval())


def load_networks(workspace: Workspace, variant: str, kept: Kept = "kept", first: int = 0) -> Iterator[Network]:
    """The networks of a variant, seed by seed.

    Args:
        workspace: of the study.
        variant: its name.
        kept: the weights that training kept by its settings, or, where it kept both, the ``best``.
        first: seed of the block that is meant.

    Raises:
        FileNotFoundError: the variant has not been trained.
        ValueError: the weights do not fit the network that the settings describe.
    """
    study, folder = import_part(workspace.study, "train"), workspace.run(variant, first)
    record = read_json(folder / "run.json")
    settings = workspace.config.variants[variant].model_validate(record["settings"], strict=False)
    shapes = {name: tuple(shape) for name, shape in record["shapes"].items()}
    device = device_for(workspace.params.training)
    torch.set_num_threads(workspace.params.training.threads)
    for place, structure in enumerate(record["structure"]):
        seed = first + place
        task = study.task(study.build(settings, shapes, structure), settings, seed)
        try:
            task.model.load_state_dict(load_weights(folder, seed, kept))
        except RuntimeError as error:
            raise ValueError(f"{folder}/weights.safetensors: {' '.join(str(error).split())}; train it again") from None
        yield Network(task.to(device).eval(), settings, seed, structure, shapes, device)


def start_weights(workspace: Workspace, variant: str, seed: int) -> Weights:
    """The weights of one seed of a variant, whichever block it was trained in."""
    first = max(each for each in workspace.blocks(variant) if each <= seed)
    return load_weights(workspace.run(variant, first), seed)


def load_weights(folder: Path, seed: int, kept: Kept = "kept") -> Weights:
    """The weights of one seed, from the folder of its block.

    Raises:
        FileNotFoundError: the variant has not been trained.
        ValueError: this seed's weights are not there.
    """
    path = folder / "weights.safetensors"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; `dvc repro` makes it")
    prefix = f"seed{seed}/" if kept == "kept" else f"best/seed{seed}/"
    found = {name.removeprefix(prefix): t for name, t in load_file(path).items() if name.startswith(prefix)}
    if not found:
        raise ValueError(f"{path}: no {kept} weights of seed {seed}")
    return found


def adopt(model: nn.Module, weights: Weights) -> None:
    """Puts another network's weights into ``model``, as far as names and shapes agree; the rest stays as it starts.

    Raises:
        ValueError: nothing agrees.
    """
    own = model.state_dict()
    same = {name: tensor for name, tensor in weights.items() if name in own and own[name].shape == tensor.shape}
    if not same:
        raise ValueError(
            f"start: of {len(weights)} weights none fits the network; it has {', '.join(list(own)[:4])}, …"
        )
    model.load_state_dict(own | same)


def predict(task: Task, arrays: Arrays, device: torch.device | str, size: int) -> Arrays:
    """In float32 whatever trained: logits of eight bits tie, and a tie goes to the lower class."""
    task.to(device).eval()
    collected: dict[str, list[np.ndarray]] = {}
    with torch.inference_mode():
        for batch in Batches(resident(arrays, device), size):
            for name, tensor in task.predict(batch).items():
                collected.setdefault(name, []).append(tensor.cpu().numpy())
    return {name: np.concatenate(parts) for name, parts in collected.items()}


def batch_size(settings: Settings) -> int:
    """Examples a batch where nothing is trained."""
    return max(4 * settings.batch_size, 256)


def device_for(training: TrainingConfig) -> torch.device:
    """Where networks are asked: where Lightning would train them on one device."""
    if training.accelerator in ("auto", "gpu", "cuda") and torch.cuda.is_available():
        return torch.device("cuda")
    if training.accelerator in ("auto", "gpu", "mps") and torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")
