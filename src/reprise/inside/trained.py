"""Whether what training wrote is whole, asked before a network is loaded for a user's own picture.

Sizes in a damaged run.json may be any: so networks are built without memory first, and must be those of the weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import safe_open

from reprise.files import one_line, read_json, shown
from reprise.npz import REMEDY
from reprise.registry import import_part
from reprise.workspace import Workspace


def check_trained(workspace: Workspace, variant: str) -> None:
    """Checks run.json and weights.safetensors of a variant's first block against one another.

    Raises:
        FileNotFoundError: the variant has not been trained.
        ValueError: one of them is damaged, or they do not belong together; the message says what makes them again.
    """
    made, kept = (workspace.run(variant) / name for name in ("run.json", "weights.safetensors"))
    study, again = import_part(workspace.study, "train"), f"`reprise repro {workspace.study}`"
    for path in (made, kept):
        if not path.is_file():
            raise FileNotFoundError(f"{shown(path)} is missing; {again} trains the network")
    with _naming(made, again), torch.device("meta"):
        record = read_json(made)
        if not isinstance(record, dict) or not {"settings", "shapes", "structure"} <= record.keys():
            raise ValueError("expected an object with settings, shapes and structure")
        settings = workspace.config.variants[variant].model_validate(record["settings"], strict=False)
        shapes = {name: tuple(shape) for name, shape in record["shapes"].items()}
        tasks = [
            study.task(study.build(settings, shapes, structure), settings, seed)
            for seed, structure in enumerate(record["structure"])
        ]
        if not tasks:
            raise ValueError("structure is empty: no network")
    with _naming(kept, again), safe_open(kept, "pt") as file:
        there = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118 - it is no dictionary
        for seed, task in enumerate(tasks):
            for name, tensor in task.model.state_dict().items():
                found = there.get(f"seed{seed}/{name}")
                if found != list(tensor.shape):
                    what = "is missing" if found is None else f"has shape {found}"
                    raise ValueError(f"seed{seed}/{name} {what}; the network of run.json has {list(tensor.shape)}")


@contextmanager
def _naming(path: Path, again: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # pydantic, safetensors, torch and what is built of junk
        said = one_line(error).removesuffix(f"; {REMEDY}").removeprefix(f"{shown(path)}: ")
        said = said if len(said) <= 200 else f"{said[:200]}..."
        raise ValueError(f"{shown(path)}: not what training wrote ({said}); {again} makes it again") from None
