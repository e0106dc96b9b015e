"""One network after the other, as anyone would train it, with what makes that fast on a CPU.

One thread a process, the optimizer fused where torch has that, convolutions channels-last.
"""

from __future__ import annotations

import math

import torch
from torch import nn

from reprise.sweep.masks import keys
from reprise.sweep.networks import Curve, Network
from reprise.sweep.rules import RULES
from reprise.sweep.work import Examples, Work

TEST_BATCH = 500


def train_alone(work: Work, network: Network) -> tuple[Curve, nn.Module]:
    """Trains one network.

    Returns:
        Its curve, and itself as it was after its last step, or before the step that made its loss no number.
    """
    model, drops = work.start(network)
    model = model.to(work.train[0].device)
    inputs, targets = work.train
    if inputs.dim() == 4:
        model = model.to(memory_format=torch.channels_last)
    rule = RULES[network.optimizer]
    optimizer = rule.alone(list(model.parameters()), network.learning_rate, work.options_of(network.optimizer))
    noted = keys(network.seed, 0, work.steps)
    curve, since = Curve(work.readings), [0.0, 0.0, 0]  # loss, correct, steps
    order = None
    for step in range(work.steps):
        if step % work.per_epoch == 0:
            order = torch.from_numpy(work.order(network.seed, step // work.per_epoch)).to(inputs.device)
        index = order[step % work.per_epoch]
        x, y = inputs.index_select(0, index), targets.index_select(0, index)
        if x.dim() == 4:
            x = x.contiguous(memory_format=torch.channels_last)
        for drop in drops:
            drop.key.fill_(int(noted[step]))
        outputs = work.outputs(model, x)
        loss = work.loss(outputs, y)
        value = float(loss.detach())
        if not math.isfinite(value):
            curve.end(step + 1)
            return curve, model
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        since = [since[0] + value, since[1] + float(work.correct(outputs, y)), since[2] + 1]
        if step + 1 in work.readings:
            found = examined(model, work.test, work)
            curve.add(since[0] / since[2], since[1] / (since[2] * work.batch_size), *found)
            since = [0.0, 0.0, 0]
    return curve, model


@torch.inference_mode()
def examined(model: nn.Module, test: Examples | None, work: Work) -> tuple[float, float]:
    """Mean loss and accuracy on the test examples; nan without any."""
    if test is None:
        return math.nan, math.nan
    training, losses, correct = model.training, 0.0, 0.0
    model.eval()
    for x, y in zip(*(part.split(TEST_BATCH) for part in test), strict=True):
        outputs = work.outputs(model, x)
        losses += float(work.loss(outputs, y)) * len(y)
        correct += float(work.correct(outputs, y))
    model.train(training)
    return losses / len(test[1]), correct / len(test[1])
