"""Trains small recurrent networks to remember, with the hand-written gradients and many networks at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reprise.studies.recurrence.lesson.cells import Weights, initial_weights
from reprise.studies.recurrence.lesson.unfolding import backward, forward
from reprise.studies.recurrence.networks import Network, open_gate

SYMBOLS = 4
Scored = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Task:
    """What is to be learned.

    Attributes:
        inputs, outputs: numbers a step.
        sample: (generator, models, n) -> inputs (time, models, n, inputs) and the targets of the last steps (steps,
            models, n); a task may ask at one step or at all.
        loss: outputs (steps, models, n, outputs) and targets -> the loss of each model, summed over the steps and
            averaged over n, and its derivative by the outputs.
        score: the same -> (models,) how well it was done; 1 is perfect.
    """

    inputs: int
    outputs: int
    sample: Callable[[np.random.Generator, int, int], Scored]
    loss: Callable[[np.ndarray, np.ndarray], Scored]
    score: Callable[[np.ndarray, np.ndarray], np.ndarray]


def number(lag: int) -> Task:
    """Hold a number in [-1, 1] for ``lag`` steps, while others of its kind pass by; a flag marks the one to keep.

    One half of the adding problem of Hochreiter and Schmidhuber (1997).
    """

    def sample(rng: np.random.Generator, models: int, n: int) -> Scored:
        inputs = np.zeros((lag + 1, models, n, 2), dtype=np.float32)
        inputs[..., 0] = rng.uniform(-1, 1, inputs.shape[:-1])
        inputs[0, ..., 1] = 1
        return inputs, inputs[:1, ..., 0].copy()

    return Task(2, 1, sample, squared_error, variance_explained)


def symbol(lag: int) -> Task:
    """Hold one of four symbols for ``lag`` steps, while symbols of another alphabet pass by."""

    def sample(rng: np.random.Generator, models: int, n: int) -> Scored:
        symbols = rng.integers(SYMBOLS, 2 * SYMBOLS, (lag + 1, models, n))
        symbols[0] = rng.integers(0, SYMBOLS, (models, n))
        return np.eye(2 * SYMBOLS, dtype=np.float32)[symbols], symbols[:1]

    return Task(2 * SYMBOLS, SYMBOLS, sample, softmax_cross_entropy, accuracy)


def echo(steps: int) -> Task:
    """Many to many: at every step, name the symbol of the step before (at the first: symbol 0)."""

    def sample(rng: np.random.Generator, models: int, n: int) -> Scored:
        symbols = rng.integers(0, SYMBOLS, (steps, models, n))
        targets = np.concatenate((np.zeros_like(symbols[:1]), symbols[:-1]))
        return np.eye(SYMBOLS, dtype=np.float32)[symbols], targets

    return Task(SYMBOLS, SYMBOLS, sample, softmax_cross_entropy, accuracy)


def train(
    network: Network,
    task: Task,
    rates: np.ndarray,
    hidden: int,
    batch: int,
    updates: int,
    test: int = 256,
    rng_seed: int = 0,
) -> Scored:
    """Trains one network a learning rate with Adam, each clipped to the norm 1, side by side.

    Args:
        network: which one.
        task: what to learn.
        rates: (models,) learning rates.
        hidden, batch, updates: sizes.
        test: fresh sequences on which the score is taken.
        rng_seed: of weights and data.

    Returns:
        Losses (updates, models), and scores (models,).
    """
    rng = np.random.default_rng(rng_seed)
    models = len(rates)
    weights = initial_weights(rng, network.cell, task.inputs, hidden, models)
    weights = Weights(*(array.astype(np.float32) for array in weights))
    open_gate(network, weights)
    readout = (rng.uniform(-1, 1, (models, task.outputs, hidden)) / np.sqrt(hidden)).astype(np.float32)
    adam = Adam([*weights, readout], rates)
    losses = []
    for _ in range(updates):
        inputs, targets = task.sample(rng, models, batch)
        trace = forward(network.cell, weights, inputs)
        asked = slice(len(inputs) - len(targets), None)
        loss, d_readout = task.loss(trace.outputs[asked] @ readout.swapaxes(-1, -2), targets)
        d_outputs = np.zeros_like(trace.outputs)
        d_outputs[asked] = d_readout @ readout
        gradient, _, _ = backward(network.cell, weights, inputs, trace, d_outputs)
        adam.step([*gradient, (d_readout.swapaxes(-1, -2) @ trace.outputs[asked]).sum(axis=0)])
        losses.append(loss)
    inputs, targets = task.sample(np.random.default_rng([rng_seed, 1]), models, test)
    outputs = forward(network.cell, weights, inputs).outputs[len(inputs) - len(targets) :]
    return np.array(losses), task.score(outputs @ readout.swapaxes(-1, -2), targets)


def softmax_cross_entropy(logits: np.ndarray, targets: np.ndarray) -> Scored:
    """Loss of each model in nats, and its derivative by the logits."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    wanted = np.arange(logits.shape[-1]) == targets[..., None]
    loss = -(logs * wanted).sum(axis=-1).mean(axis=-1).sum(axis=0)
    return loss, ((np.exp(logs) - wanted) / targets.shape[-1]).astype(logits.dtype)


def squared_error(outputs: np.ndarray, targets: np.ndarray) -> Scored:
    """Mean squared error of each model, and its derivative by the outputs."""
    error = outputs[..., 0] - targets
    return (error**2).mean(axis=-1).sum(axis=0), (2 * error / targets.shape[-1])[..., None]


def accuracy(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """(models,) share of right answers."""
    return (logits.argmax(axis=-1) == targets).mean(axis=(0, 2))


def variance_explained(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """(models,) 1 - squared error / variance: 1 is perfect, 0 what the mean would reach."""
    error = ((outputs[..., 0] - targets) ** 2).mean(axis=(0, 2))
    return 1 - error / targets.var(axis=(0, 2))


class Adam:
    """Adam on arrays with a leading axis of models, each with its own learning rate and its own clipping.

    Args:
        parameters: (models, ...) arrays, changed in place.
        rates: (models,).
        threshold: the gradient norm of one model at which it is clipped.
    """

    def __init__(self, parameters: list[np.ndarray], rates: np.ndarray, threshold: float = 1.0):
        self.parameters, self.rates, self.threshold, self.steps = parameters, rates, threshold, 0
        self.first = [np.zeros_like(parameter) for parameter in parameters]
        self.second = [np.zeros_like(parameter) for parameter in parameters]

    def step(self, gradients: list[np.ndarray]) -> None:
        """One update."""
        self.steps += 1
        models = len(self.rates)
        norms = np.sqrt(sum((g.reshape(models, -1) ** 2).sum(axis=1) for g in gradients))
        clip = np.minimum(1.0, self.threshold / np.maximum(norms, 1e-12))
        rate = self.rates * np.sqrt(1 - 0.999**self.steps) / (1 - 0.9**self.steps)
        arrays = zip(self.parameters, gradients, self.first, self.second, strict=True)
        for parameter, gradient, first, second in arrays:
            shape = (-1,) + (1,) * (parameter.ndim - 1)
            gradient = gradient * clip.reshape(shape).astype(parameter.dtype)
            first += 0.1 * (gradient - first)
            second += 0.001 * (gradient**2 - second)
            parameter -= rate.reshape(shape).astype(parameter.dtype) * first / (np.sqrt(second) + 1e-8)
