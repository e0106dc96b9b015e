"""The code of every model that MLflow logs: a trained network made again from settings and weights, nothing unpickled.

``mlflow models serve`` and ``mlflow.pyfunc.load_model`` run this file; it needs the package, at the commit that the
model's run names.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import numpy as np
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

NETWORK, WEIGHTS, RECORD = "network", "weights.safetensors", "network.json"


class Served(PythonModel):
    """One trained network: arrays of examples in, what its task predicts for each of them out."""

    _skip_type_hint_validation = True  # the signature checks what comes in; MLflow warns of types like ours

    def load_context(self, context: Any) -> None:
        """Makes the network from the artifact ``network``."""
        self.network = restored(Path(context.artifacts[NETWORK]))

    def predict(self, context: Any, model_input, params=None) -> dict[str, np.ndarray]:
        """Takes what the signature names, examples along the first axis."""
        return self.network.predict({name: np.asarray(array) for name, array in model_input.items()})


def restored(folder: Path) -> Any:
    """The network whose settings and weights lie in ``folder``, a `reprise.networks.Network` on the CPU.

    Raises:
        ValueError: the weights do not fit what the settings describe: another commit's code.
    """
    import torch
    from safetensors.torch import load_file

    from reprise.networks import Network
    from reprise.registry import import_part

    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    study = import_part(record["study"], "train")
    config = import_part(record["study"], "settings").Config
    kind = get_args(config.model_fields["variants"].annotation)[1]
    settings = kind.model_validate(record["settings"], strict=False)
    shapes = {name: tuple(shape) for name, shape in record["shapes"].items()}
    task = study.task(study.build(settings, shapes, record["structure"]), settings, record["seed"])
    try:
        task.model.load_state_dict(load_file(folder / WEIGHTS))
    except RuntimeError as error:
        why = " ".join(str(error).split())
        raise ValueError(f"{folder / WEIGHTS}: {why}; it was trained at commit {record['commit']}") from None
    return Network(task.eval(), settings, record["seed"], record["structure"], shapes, torch.device("cpu"))


set_model(Served())
