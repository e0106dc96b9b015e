"""A trained network as a model that MLflow can load and serve: its code, its settings, its weights, a signature.

The weights are those that training wrote, of the first seed, in safetensors; nothing is pickled, and torch is not
needed to write it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from reprise.files import read_json, read_npz, write_json

LABELLED = "test/critic"  # a critic is told which class a picture is said to be
MAPS = ("test/probability", "test/predicted")  # an answer for every pixel: pictures of any size
SERVED = Path(__file__).with_name("served.py")


@contextmanager
def model_folder(study: str, folder: Path, commit: str) -> Iterator[Path]:
    """Yields a folder in MLflow's format with the first seed's network of a block, removed afterwards.

    Args:
        study: its name.
        folder: what training wrote.
        commit: whose code it is.

    Raises:
        FileNotFoundError: there are no weights.
        ValueError: an output is damaged.
    """
    from mlflow.pyfunc import save_model
    from safetensors.numpy import save_file

    record = read_json(folder / "run.json")
    with TemporaryDirectory() as scratch:
        network, target = Path(scratch) / "network", Path(scratch) / "model"
        network.mkdir()
        save_file(_first_seed(folder / "weights.safetensors"), network / "weights.safetensors")
        said = {key: record[key] for key in ("settings", "shapes")} | {"structure": record["structure"][0]}
        write_json(network / "network.json", said | {"study": study, "seed": 0, "commit": commit})
        needed = [f"{name}=={metadata.version(name)}" for name in ("mlflow", "torch", "safetensors", "pydantic")]
        taken = signature(record["shapes"], folder / "predictions.npz")
        with warnings.catch_warnings(action="ignore"):  # it would like an example beside the signature
            save_model(
                target,
                python_model=str(SERVED),
                artifacts={"network": str(network)},
                signature=taken,
                pip_requirements=needed,
            )
        yield target


def signature(shapes: dict[str, list[int]], predictions: Path) -> Any:
    """What goes in (pictures as bytes, as the data sets hold them) and what comes out, by name, shape and type."""
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    with read_npz(predictions) as archive:
        names = [name for name in archive.files if name.startswith("test/")]
        arrays = {name: archive[name] for name in names if name not in ("test/label", "test/index")}
    free = any(name in arrays for name in MAPS)
    image = [-1, -1, *shapes["image"][2:]] if free else shapes["image"]
    taken = [TensorSpec(np.dtype("uint8"), (-1, *image), "image")]
    if "proposals" in shapes:
        taken.append(TensorSpec(np.dtype("float32"), (-1, -1, 4), "proposals"))
    if LABELLED in arrays:
        taken.append(TensorSpec(np.dtype("uint8"), (-1,), "label"))
    given = [
        TensorSpec(array.dtype, (-1, *([-1] * (array.ndim - 2) if free else array.shape[2:])), name[len("test/") :])
        for name, array in arrays.items()
    ]
    return ModelSignature(Schema(taken), Schema(given))


def _first_seed(path: Path) -> dict[str, np.ndarray]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; `dvc repro` makes it")
    try:
        with safe_open(path, framework="np") as file:
            names = list(file.keys())
            found = {name[len("seed0/") :]: file.get_tensor(name) for name in names if name.startswith("seed0/")}
    except SafetensorError as error:
        raise ValueError(f"{path}: not valid ({error}); make it again with `dvc repro`") from None
    if not found:
        raise ValueError(f"{path}: no weights of seed 0; make it again with `dvc repro`")
    return found
