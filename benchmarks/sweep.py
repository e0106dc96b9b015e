"""What a step of one network costs: trained alone, under Optuna or Ray Tune, and in a sweep, with the floor beside it.

    python benchmarks/sweep.py [--steps 200] [--optimizers adam sgd] [--sizes 1 4 16 64] [--accuracy STEPS]

The network is that of the source, 1,204,655 parameters, batches of 8 images, 47 classes. Every row trains the same
networks on the same data from the same seeds, and its loss stands beside its time; ``--accuracy`` compares what they
have learned after so many steps, in float32 and in bfloat16. The floor is the traffic of
parameters and optimizer state alone, each read and written as rarely as it can be, over the memory's bandwidth as a
copy of large tensors shows it here. On a GPU, ``--full`` trains the source's own grid for so many minutes and says how
much of it that was. Optuna and Ray Tune are run where they are installed; the project does not depend on them.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import torch
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table

from reprise.data import glyphs, letters
from reprise.models.digitnet import DigitNet
from reprise.statistics import seeds_effect
from reprise.sweep import Network, grid, sweep
from reprise.sweep.rules import RULES
from reprise.sweep.stacked import Stack
from reprise.sweep.work import Work

BATCH, CLASSES = 8, 47
PARAMETERS = 1_204_655
GRID = 112_800 // BATCH * 8000  # network-steps of the source's grid
# reads of the parameters forward and backward, then what the update reads and writes of parameters and states; a
# gradient that is never written costs nothing
PASSES = {name: 2 + 1 + 2 * rule.states for name, rule in RULES.items()}


def build() -> DigitNet:
    return DigitNet(CLASSES, dropout=0.5)


def examples(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    images, labels, _, _ = glyphs.generate(letters.CHARACTERS, count, CLASSES, 0)
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255, torch.from_numpy(labels)


def bandwidth(device: torch.device) -> float:
    """Bytes a second that a copy reads and writes."""
    source = torch.empty(1 << (28 if device.type == "cuda" else 25), device=device)
    target = torch.empty_like(source)
    times = []
    for _ in range(6):
        wait(device)
        start = time.perf_counter()
        target.copy_(source)
        wait(device)
        times.append(time.perf_counter() - start)
    return 2 * source.nbytes / min(times[1:])


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def plain(optimizer: str, data: tuple[torch.Tensor, torch.Tensor], rate: float, steps: int) -> float:
    """The loop that anyone writes; its mean loss over the last tenth."""
    torch.manual_seed(0)
    device = data[0].device
    model = build().to(device)
    update = RULES[optimizer].optimizer(model.parameters(), lr=rate)
    losses = []
    for _ in range(steps):
        index = torch.randint(len(data[0]), (BATCH,), device=device)
        loss = F.cross_entropy(model(data[0][index]), data[1][index])
        update.zero_grad()
        loss.backward()
        update.step()
        losses.append(loss.detach())
    return float(torch.stack(losses[-max(1, steps // 10) :]).mean())


def under_optuna(optimizer: str, data: tuple[torch.Tensor, torch.Tensor], rates: list[float], steps: int) -> float:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.GridSampler({"rate": rates}))
    study.optimize(lambda trial: plain(optimizer, data, trial.suggest_float("rate", 1e-9, 1e3), steps), len(rates))
    return float(np.mean([trial.value for trial in study.trials]))


def under_ray(optimizer: str, data: tuple[torch.Tensor, torch.Tensor], rates: list[float], steps: int) -> float:
    import ray
    from ray import tune

    ray.init(ignore_reinit_error=True, logging_level="ERROR", log_to_driver=False)
    share = {"gpu": 1 / 4} if data[0].is_cuda else {"cpu": 1}
    held = ray.put(tuple(each.cpu() for each in data))

    def trial(config):
        device = "cuda" if share.get("gpu") else "cpu"
        tune.report({"loss": plain(optimizer, tuple(x.to(device) for x in ray.get(held)), config["rate"], steps)})

    found = tune.Tuner(
        tune.with_resources(trial, share),
        param_space={"rate": tune.grid_search(rates)},
        run_config=tune.RunConfig(verbose=0),
    ).fit()
    return float(np.mean([each.metrics["loss"] for each in found]))


def timed(work: Callable[[], float], device: torch.device) -> tuple[float, float]:
    wait(device)
    start = time.perf_counter()
    value = work()
    wait(device)
    return time.perf_counter() - start, value


def rows(optimizer: str, steps: int, sizes: list[int], device: torch.device, data) -> list[tuple[str, float, float]]:
    """(way, seconds of one network's step, mean late loss)."""
    rates = np.geomspace(1e-4, 1e-3, max(8, *sizes)).tolist()
    few = rates[:: max(1, len(rates) // 4)][:4]
    found = []

    def note(name: str, count: int, work: Callable[[], float]) -> None:
        seconds, loss = timed(work, device)
        found.append((name, seconds / (count * steps), loss))

    plain(optimizer, data, 1e-3, 5)  # warm-up
    note("plain loop of torch.optim", len(few), lambda: float(np.mean([plain(optimizer, data, r, steps) for r in few])))
    for name, way in (("optuna", under_optuna), ("ray", under_ray)):
        if find_spec(name):
            note(f"the same under {name}", len(few), lambda way=way: way(optimizer, data, few, steps))

    def swept(count: int, **how) -> float:
        networks = grid([optimizer], rates[:count])
        result = sweep(build, data, networks, batch_size=BATCH, steps=steps, readings=10, device=device, **how)
        return float(result["loss"].reshape(count, -1)[:, -1].mean())

    if device.type == "cpu":
        note("sweep, alone, one process", len(few), lambda: swept(len(few), engine="alone", workers=1))
        for precision in ("float32", "bfloat16"):
            note(
                f"sweep, alone, {os.cpu_count()} processes, {precision}",
                2 * len(few),
                lambda precision=precision: swept(2 * len(few), engine="alone", precision=precision),
            )
    for size in sizes:
        swept_few = lambda size=size: swept(size, engine="stacked", chunk=size)  # noqa: E731
        if device.type == "cuda":
            sweep(build, data, grid([optimizer], rates[:size]), steps=5, readings=1, device=device, engine="stacked")
        note(f"sweep, {size} stacked", size, swept_few)
    return found


def accuracies(optimizer: str, rate: float, steps: int, seeds: int, data, test) -> None:
    """Whether networks whose products are rounded to bfloat16 learn as well: the same seeds in both precisions."""
    found = {}
    for precision in ("float32", "bfloat16"):
        networks = grid([optimizer], [rate], range(seeds), [0.5])
        table = sweep(build, data, networks, test=test, batch_size=BATCH, steps=steps, readings=1, precision=precision)
        found[precision] = table["test_accuracy"]
    difference = seeds_effect(found["bfloat16"] - found["float32"])
    print(
        f"{optimizer}, rate {rate:g}, {steps} steps, {seeds} seeds, {len(test[1])} test images: accuracy "
        f"{found['float32'].mean():.4f} in float32, {found['bfloat16'].mean():.4f} in bfloat16; difference "
        f"{difference.value:+.4f} [{difference.low:+.4f}, {difference.high:+.4f}]"
    )


def full(minutes: float, device: torch.device, data) -> None:
    """The source's grid, one optimizer and dropout after the other, until the time is up."""
    rates, done, start = np.geomspace(1e-6, 1e-1, 1000), 0, time.perf_counter()
    work = Work(build, data, None, BATCH, GRID // 8000, (GRID // 8000,))
    for optimizer in RULES:
        stack = Stack(work, [Network(optimizer, rate, 0, 0.5) for rate in rates[:256]])
        until, step = time.perf_counter() + minutes * 60 / len(RULES), 0
        noted = torch.zeros(1, dtype=torch.int32, device=device)
        while time.perf_counter() < until:
            for _ in range(20):
                step += 1
                stack.step(torch.randint(len(data[0]), (1, BATCH), device=device), noted + step, step)
            wait(device)
        done += step * len(stack)
    taken = time.perf_counter() - start
    print(
        f"{done:,} of {GRID:,} network-steps in {taken:.0f} s, all four optimizers in equal time: at this pace the "
        f"whole grid takes {GRID / done * taken / 60:.0f} minutes (extrapolated)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--optimizers", nargs="+", default=list(RULES), choices=list(RULES))
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 4, 16, 64])
    parser.add_argument("--examples", type=int, default=2000)
    parser.add_argument("--accuracy", type=int, default=0, help="steps after which both precisions are compared")
    parser.add_argument("--full", type=float, default=0.0)
    arguments = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    data = tuple(each.to(device) for each in examples(arguments.examples))
    speed = bandwidth(device)
    what = torch.cuda.get_device_name() if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    print(f"{what}, torch {torch.__version__}: a copy moves {speed / 1e9:.0f} GB/s")
    for optimizer in arguments.optimizers:
        table = Table("way", "ms", "times the plain loop", "over the floor", "late loss", title=optimizer)
        floor = PASSES[optimizer] * PARAMETERS * 4 / speed
        found = rows(optimizer, arguments.steps, arguments.sizes, device, data)
        for name, seconds, loss in found:
            table.add_row(
                name, f"{seconds * 1e3:.3f}", f"{found[0][1] / seconds:.1f}", f"{seconds / floor:.1f}", f"{loss:.3f}"
            )
        table.add_row("floor: parameters and states alone", f"{floor * 1e3:.3f}", f"{found[0][1] / floor:.1f}", "1", "")
        Console(width=110).print(table)
    if arguments.accuracy:
        images, labels = examples(arguments.examples + 1000)
        data, test = ((images[part], labels[part]) for part in (slice(arguments.examples), slice(-1000, None)))
        for optimizer, rate in (("adam", 1e-3), ("sgd", 1e-1)):
            accuracies(optimizer, rate, arguments.accuracy, 8, data, test)
    if arguments.full:
        full(arguments.full, device, data)


if __name__ == "__main__":
    main()
