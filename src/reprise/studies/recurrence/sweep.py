"""Trains every network on every task: what is to be held, how long, at which learning rate, from which seed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from threadpoolctl import threadpool_limits

from reprise.studies.recurrence import memory
from reprise.studies.recurrence.networks import ECHO_STEPS, ECHOING, JUDGED, LATCHING, NETWORKS
from reprise.studies.recurrence.settings import Memory
from reprise.workspace import Workspace

READS = ("memory",)  # of the study's parameters
ECHO = {"rates": [0.01], "hidden": 16, "batch": 16}  # an easy task: always the same size


@threadpool_limits.wrap(limits=1)  # threads cost more than they give on matrices so small
def sweep(workspace: Workspace) -> dict[str, np.ndarray]:
    """One row a network.

    Returns:
        ``task`` (number, symbol, echo), ``network``, ``lag`` in steps, ``rate``, ``seed``; the training loss of the
        first update, of the last, and its mean over the last tenth of the updates (``late_loss``) and over the tenth
        before (``earlier_loss``); the ``score`` on fresh sequences, 1 is perfect.
    """
    families = list(_families(workspace.config.memory))
    return {name: np.concatenate([family[name] for family in families]) for name in families[0]}


def _families(config: Memory) -> Iterator[dict[str, np.ndarray]]:
    """Networks that are trained side by side: of one kind, on one task, every rate from every seed."""
    longest, shown = config.lags[-1], config.model_copy(update={"seeds": config.shown})
    for name in NETWORKS:
        for lag in config.lags:
            judged = name in JUDGED and lag == longest
            yield _family(config if judged else shown, name, "number", lag, memory.number(lag))
    for name in LATCHING:
        yield _family(shown, name, "symbol", longest, memory.symbol(longest))
    alike = shown.model_copy(update=ECHO)
    yield _family(alike, ECHOING, "echo", 1, memory.echo(ECHO_STEPS), rng_seed=133)


def _family(
    config: Memory, name: str, task: str, lag: int, learned: memory.Task, rng_seed: int = 139
) -> dict[str, np.ndarray]:
    rates = np.repeat(config.rates, config.seeds)
    losses, scores = memory.train(
        NETWORKS[name], learned, rates, config.hidden, config.batch, config.updates, rng_seed=rng_seed
    )
    tenth = config.updates // 10
    return {
        "task": np.full(len(rates), task),
        "network": np.full(len(rates), name),
        "lag": np.full(len(rates), lag),
        "rate": rates,
        "seed": np.tile(np.arange(config.seeds), len(config.rates)),
        "first_loss": losses[0],
        "last_loss": losses[-1],
        "late_loss": losses[-tenth:].mean(axis=0),
        "earlier_loss": losses[-2 * tenth : -tenth].mean(axis=0),
        "score": scores,
    }
