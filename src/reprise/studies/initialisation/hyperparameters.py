"""Claim 163: the source's list of hyper-parameters beside what two libraries take for granted."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np

from reprise.claims.evidence import Finding, Table, between
from reprise.published import read_published
from reprise.statistics import exact
from reprise.studies.initialisation import lesson

LISTED = (
    "learning rate",
    "hidden units",
    "layers",
    "mini-batch size",
    "momentum",
    "Adam β1",
    "Adam β2",
    "Adam ε",
    "learning rate decay",
)
GIVEN = read_published(Path(__file__).with_name("published.csv")).values("hyper-parameters")  # of those with a number
LIBRARIES = ("torch", "scikit-learn")
Defaults = dict[str, tuple[Any, Any]]  # name -> torch's and scikit-learn's; "" where it has none


def library_defaults() -> Defaults:
    """Read from the signatures; torch leaves the network's shape, batches and schedule to its user."""
    import torch
    from sklearn.neural_network import MLPClassifier

    adam, sgd, mlp = (
        {name: parameter.default for name, parameter in inspect.signature(kind).parameters.items()}
        for kind in (torch.optim.Adam, torch.optim.SGD, MLPClassifier)
    )
    hidden = mlp["hidden_layer_sizes"]
    return {
        "learning rate": (adam["lr"], mlp["learning_rate_init"]),
        "hidden units": ("", hidden[0]),
        "layers": ("", len(hidden)),
        "mini-batch size": ("", f"{mlp['batch_size']}: min(200, n)"),
        "momentum": (sgd["momentum"], mlp["momentum"]),
        "Adam β1": (adam["betas"][0], mlp["beta_1"]),
        "Adam β2": (adam["betas"][1], mlp["beta_2"]),
        "Adam ε": (adam["eps"], mlp["epsilon"]),
        "learning rate decay": ("", mlp["learning_rate"]),
    }


def findings(defaults: Defaults) -> list[Finding]:
    """How many of the source's numbers are defaults, and that our two optimizers are torch's."""
    found = []
    for column, library in enumerate(LIBRARIES):
        agree = [name for name, value in GIVEN.items() if defaults[name][column] == value]
        adams = sum(name.startswith("Adam") for name in agree)
        found += [
            Finding(
                163,
                f"Adam's settings in S3 that are {library}'s defaults",
                exact(adams, 3, "of 3"),
                published="β1 = 0.9, β2 = 0.999, ε = 1e-8 (S3)",
            ),
            Finding(
                163,
                f"All numbers of S3's list that are {library}'s defaults",
                exact(len(agree), len(GIVEN), f"of {len(GIVEN)}"),
                note="torch's SGD has momentum 0 unless asked; scikit-learn's has 0.9."
                if library == "torch"
                else "Momentum 0.9 and the learning rate 0.001 are defaults here.",
            ),
        ]
    had = sum(defaults[name][1] != "" for name in LISTED)
    return [
        *found,
        Finding(
            163,
            "Hyper-parameters of S3's list that scikit-learn's network has as settings",
            exact(had, len(LISTED), f"of {len(LISTED)}"),
        ),
        Finding(
            163,
            "Largest distance of our Adam and momentum from torch's over 100 steps",
            exact(largest_gap_to_torch(100), 200),
            between(0, 1e-12),
            kind="oracle",
            oracle="torch.optim.Adam and SGD, float64; a few roundings a step",
        ),
    ]


def largest_gap_to_torch(steps: int) -> float:
    """Largest distance of our Adam's and momentum's paths from torch's on one curved valley, float64."""
    import torch

    def slope(theta: np.ndarray) -> np.ndarray:
        return np.array([2 * theta[0] + np.cos(theta[1]), 20 * theta[1] - theta[0] * np.sin(theta[1])])

    start, worst = np.array([1.0, -0.5]), 0.0
    for path, optimizer, options in (
        (lesson.adam_path(slope, start, steps, 0.01), torch.optim.Adam, {"lr": 0.01}),
        (lesson.momentum_path(slope, start, steps, 0.01), torch.optim.SGD, {"lr": 0.01, "momentum": 0.9}),
    ):
        theta = torch.tensor(start, dtype=torch.float64, requires_grad=True)
        theirs = optimizer([theta], **options)
        for ours in path[1:]:
            theta.grad = torch.tensor(slope(theta.detach().numpy()))
            theirs.step()
            worst = max(worst, float(np.abs(theta.detach().numpy() - ours).max()))
    return worst


def table(defaults: Defaults) -> Table:
    """The source's examples beside the defaults."""
    return Table(
        "Hyper-parameters and their usual values",
        ("hyper-parameter", "S3's example", "torch", "scikit-learn's MLPClassifier"),
        tuple((name, f"{GIVEN[name]:g}" if name in GIVEN else "", *map(str, defaults[name])) for name in LISTED),
        "Read from the installed libraries' signatures. S3 gives 0.1, 0.01, 0.001, ... as learning rates.",
    )
