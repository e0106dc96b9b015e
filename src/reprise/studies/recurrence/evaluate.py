"""Claims 133-140: recurrent networks unfolded over time, what becomes of their gradients, and what gates change."""

from __future__ import annotations

from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from reprise.claims.evidence import Evidence, Finding, Metric, Table, above, below, equals
from reprise.statistics import exact, mean_effect, seeds_effect
from reprise.studies.recurrence import figures as figures
from reprise.studies.recurrence import lesson, memory
from reprise.studies.recurrence.settings import Config, Gains, Memory
from reprise.workspace import Workspace

INPUTS = 8
OPEN = 3.0  # bias of an open keep gate: sigmoid(3) = 0.95; the LSTM of 1997 had none, as if it were always 1
OPENED = "open LSTM"
NETWORKS: dict[str, tuple[lesson.Cell, float]] = {
    "RNN": (lesson.RNN, 0.0),
    "LSTM": (lesson.LSTM, 0.0),
    OPENED: (lesson.LSTM, OPEN),
    "GRU": (lesson.GRU, 0.0),
}


@threadpool_limits.wrap(limits=1)  # threads cost more than they give on matrices so small
def evaluate(workspace: Workspace) -> Evidence:
    """Measures claims 133-140."""
    import torch

    torch.set_num_threads(1)
    config: Config = workspace.config
    folder = workspace.evidence / "figures"
    terms = _formula(config.cases)
    gains = _gains(config.gains)
    reach = _reach(config.gains)
    held = {
        name: np.array([_hold(memory.number(lag), name, config.memory) for lag in config.memory.lags])
        for name in NETWORKS
    }
    lag = config.memory.lags[-1]
    latched = {name: _hold(memory.symbol(lag), name, config.memory) for name in ("RNN", OPENED)}
    findings = [
        *_unfolding_findings(config),
        *_formula_findings(terms),
        *_gain_findings(gains, config.gains),
        *_clipping_findings(config.cases),
        *_gate_findings(config, reach, held, latched),
    ]
    figures.draw_terms(folder, terms)
    figures.draw_gains(folder, gains, config.gains.radii)
    figures.draw_cliff(folder)
    figures.draw_memory(folder, reach, held, config.memory.lags)
    rates = {name: _rate(gains[name, 1.0]) for name in ("tanh", "sigmoid")}
    return Evidence(
        data=f"generated: {config.gains.networks} random networks over {config.gains.steps} steps; random "
        f"sequences for {config.memory.seeds} seeds of each cell and lag",
        findings=findings,
        metrics={
            "tanh_log_gain_per_step": Metric(
                rates["tanh"].mean(), "equal", rates["tanh"].std(ddof=1), len(rates["tanh"])
            ),
            "held_by_open_lstm": _metric(held[OPENED][-1]),
            "held_by_gru": _metric(held["GRU"][-1]),
        },
        tables=[_table(held, config.memory)],
        figures=figures.FIGURES,
        cost={
            "updates": config.memory.updates,
            "networks": (len(NETWORKS) * len(config.memory.lags) + 2) * config.memory.seeds * len(config.memory.rates),
            "parameters": {
                n: lesson.parameter_count(c, INPUTS, config.memory.hidden) for n, (c, _) in NETWORKS.items()
            },
        },
    )


def _metric(values: np.ndarray) -> Metric:
    return Metric(values.mean(), "higher", values.std(ddof=1), len(values))


# --- parity with PyTorch ----------------------------------------------------------------------------------------------


def _gap_to_torch(cell: lesson.Cell, depth: int, cases: int) -> float:
    """Largest difference from torch.nn of outputs, input gradients and weight gradients, over random networks."""
    import torch

    rng = np.random.default_rng(134)
    worst = 0.0
    for case in range(cases):
        hidden, steps, batch = (int(n) for n in rng.integers((2, 1, 1), (9, 16, 5)))
        torch.manual_seed(case)
        theirs = getattr(torch.nn, cell.__name__)(INPUTS, hidden, num_layers=depth, dtype=torch.float64)
        layers = [lesson.Weights(*(p.detach().numpy() for p in layer)) for layer in theirs.all_weights]
        inputs, d_outputs = rng.normal(size=(steps, batch, INPUTS)), rng.normal(size=(steps, batch, hidden))
        tensor = torch.from_numpy(inputs).requires_grad_()
        outputs, _ = theirs(tensor)
        (outputs * torch.from_numpy(d_outputs)).sum().backward()
        traces = lesson.stacked_forward(cell, layers, inputs)
        gradients, d_inputs = lesson.stacked_backward(cell, layers, inputs, traces, d_outputs)
        pairs = [(traces[-1].outputs, outputs.detach()), (d_inputs, tensor.grad)]
        for gradient, layer in zip(gradients, theirs.all_weights, strict=True):
            pairs += [(ours, parameter.grad) for ours, parameter in zip(gradient, layer, strict=True)]
        worst = max(worst, *(float(np.abs(ours - other.numpy()).max()) for ours, other in pairs))
    return worst


def _unfolding_findings(config: Config) -> list[Finding]:
    seeds = config.memory.seeds
    losses, accuracy = memory.train(
        lesson.RNN, memory.echo(12), np.full(seeds, 0.01), 16, 16, config.memory.updates, rng_seed=133
    )
    fall = losses[-1] - losses[0]
    return [
        Finding(
            133,
            "Sum of the step losses after training minus before, a plain network that echoes the symbol before",
            seeds_effect(fall, unit="nats"),
            below(0.0),
            published="S3: we need to find W that minimizes the sum of losses",
            note=f"Many to many: 12 steps, each with its loss; accuracy after training {100 * accuracy.mean():.1f} %.",
        ),
        Finding(
            133,
            "Largest difference of the gradient of the summed losses from PyTorch's on the unfolded graph",
            exact(_gap_to_torch(lesson.RNN, 1, config.cases), config.cases),
            below(1e-6),
            oracle="torch.nn.RNN and autograd",
        ),
        Finding(
            134,
            "Largest difference of three stacked layers from PyTorch's: outputs and all gradients, RNN, LSTM and GRU",
            exact(max(_gap_to_torch(cell, 3, config.cases) for cell in lesson.CELLS.values()), 3 * config.cases),
            below(1e-6),
            oracle="torch.nn.RNN, LSTM and GRU with num_layers=3",
        ),
    ]


# --- the formula ------------------------------------------------------------------------------------------------------


def _formula(cases: int) -> dict[str, np.ndarray]:
    """Terms of the formula on random networks, and its difference from autograd's gradient of the last step's loss."""
    import torch

    rng = np.random.default_rng(135)
    hidden, steps = 16, 24
    gaps, norms, missing = [], [], []
    for _ in range(cases):
        weights = lesson.Weights(*(array[0] for array in lesson.initial_weights(rng, lesson.RNN, INPUTS, hidden)))
        weights = weights._replace(U=lesson.recurrent_matrix(rng, 1, hidden, 0.95)[0])
        inputs, goal = rng.normal(size=(steps, INPUTS)), rng.normal(size=hidden)
        states = lesson.forward(lesson.RNN, weights, inputs[:, None]).outputs[:, 0]
        terms = lesson.bptt_terms(weights, inputs, states, states[-1] - goal)
        theirs = torch.nn.RNN(INPUTS, hidden, dtype=torch.float64)
        with torch.no_grad():
            for parameter, value in zip(theirs.all_weights[0], weights, strict=True):
                parameter.copy_(torch.from_numpy(value))
        last = theirs(torch.from_numpy(inputs)[:, None])[0][-1, 0]
        (((last - torch.from_numpy(goal)) ** 2).sum() / 2).backward()
        full = terms.sum(axis=0)
        gaps.append(np.abs(full - theirs.weight_ih_l0.grad.numpy()).max())
        norms.append(np.linalg.norm(terms, axis=(1, 2))[::-1])  # index: steps back from the loss
        rest = full - np.cumsum(terms[::-1], axis=0)
        missing.append(np.linalg.norm(rest, axis=(1, 2)) / np.linalg.norm(full))
    return {"gap": np.array(gaps), "norms": np.array(norms), "missing": np.array(missing)}


def _formula_findings(terms: dict[str, np.ndarray]) -> list[Finding]:
    cases = len(terms["gap"])
    return [
        Finding(
            135,
            "Largest difference of the sum over k = t .. 0 from the gradient by W of automatic differentiation",
            exact(terms["gap"].max(), cases),
            below(1e-6),
            published="S3: (∂loss/∂ŷ)(∂ŷ/∂s_t) Σ (∂s_t/∂s_k)(∂s_k/∂W), k = t .. 0",
            oracle="torch autograd",
            figures=("recurrence_terms",),
        ),
        Finding(
            135,
            "Share of the gradient that is missing when the sum stops five steps back (truncated backpropagation)",
            mean_effect(terms["missing"][:, 4], unit="share"),
            kind="context",
            note="Spectral radius 0.95, tanh, 24 steps: the far terms are small because the Jacobians vanish.",
            figures=("recurrence_terms",),
        ),
    ]


# --- vanishing and exploding ------------------------------------------------------------------------------------------


def _gains(config: Gains) -> dict[tuple[str, float], np.ndarray]:
    """(activation, radius) -> (steps, networks): gain of ds_t/ds_0 in random networks that random inputs drive."""
    result = {}
    for activation in lesson.ACTIVATIONS:
        for radius in config.radii:
            rng = np.random.default_rng(136)  # the same matrices, up to scale, and the same inputs everywhere
            U = lesson.recurrent_matrix(rng, config.networks, config.hidden, radius)
            weights = lesson.initial_weights(rng, lesson.RNN, INPUTS, config.hidden, config.networks)
            inputs = rng.normal(size=(config.steps, config.networks, INPUTS))
            drive = np.einsum("mhd,tmd->tmh", weights.W, inputs) + weights.b
            result[activation, radius] = lesson.jacobian_gains(U, drive, activation)
    return result


def _rate(gains: np.ndarray) -> np.ndarray:
    """(networks,): growth of the log gain per step, over the last two thirds; below 0 is vanishing."""
    start = len(gains) // 3
    logs = np.log(np.maximum(gains[[start, -1]], 1e-300))
    return (logs[1] - logs[0]) / (len(gains) - 1 - start)


def _gain_findings(gains: dict[tuple[str, float], np.ndarray], config: Gains) -> list[Finding]:
    largest = max(config.radii)

    def finding(claim: int, activation: str, radius: float, **more: Any) -> Finding:
        return Finding(
            claim,
            f"Growth of log ‖∂s_t/∂s_0‖ per step, {activation}, spectral radius {radius:g}",
            mean_effect(_rate(gains[activation, radius]), unit="per step"),
            figures=("recurrence_gains",),
            **more,
        )

    vanishing = "S3: the derivatives are less than 1, therefore the term tends to converge to 0"
    return [
        finding(136, "tanh", 1.0, expect=below(0.0), published=vanishing),
        finding(136, "sigmoid", 1.0, expect=below(0.0), published=vanishing),
        finding(
            136, "tanh", largest, kind="context", note="Slopes below 1 are not enough: large weights outweigh them."
        ),
        finding(136, "ReLU", 1.0, kind="context", note="ReLU is no exception: units that are off pass nothing back."),
        finding(
            137,
            "linear",
            2.0,
            expect=above(0.0),
            published="S3: the gradient tends to vanish or to explode",
            note="Without saturation the radius decides alone: the rate tends to its logarithm, log 2 = 0.693.",
        ),
        finding(137, "ReLU", 2.0, expect=above(0.0)),
        finding(137, "tanh", 2.0, kind="context", note="Where units saturate, a radius above 1 is not sufficient."),
        finding(137, "sigmoid", 2.0, kind="context", note="A sigmoid's slope is at most 1/4."),
    ]


def _clipping_findings(cases: int) -> list[Finding]:
    import torch

    rng = np.random.default_rng(138)
    ratios, cosines, untouched, gaps = [], [], [], []
    for _ in range(cases):
        gradients = [rng.normal(size=shape) * rng.lognormal(0, 2) for shape in ((6, 4), (6,), (3, 2, 2))]
        flat = np.concatenate([gradient.ravel() for gradient in gradients])
        norm = float(np.linalg.norm(flat))
        clipped, _ = lesson.clip_by_norm(gradients, norm / 3)
        small, _ = lesson.clip_by_norm(gradients, norm * 3)
        ours = np.concatenate([gradient.ravel() for gradient in clipped])
        ratios.append(np.linalg.norm(ours) / (norm / 3))
        cosines.append(ours @ flat / (np.linalg.norm(ours) * norm))
        untouched.append(all(np.array_equal(a, b) for a, b in zip(small, gradients, strict=True)))
        tensors = [torch.zeros(gradient.shape, dtype=torch.float64) for gradient in gradients]
        for tensor, gradient in zip(tensors, gradients, strict=True):
            tensor.grad = torch.from_numpy(gradient.copy())
        torch.nn.utils.clip_grad_norm_(tensors, norm / 3)
        theirs = np.concatenate([tensor.grad.numpy().ravel() for tensor in tensors])
        gaps.append(np.linalg.norm(ours - theirs) / np.linalg.norm(ours))
    formula = "S3: gradients · threshold / ‖gradients‖ where the norm exceeds the threshold"
    rounding = "1e-12 is rounding: a few hundred additions of double precision."
    return [
        Finding(
            138,
            "Norm after clipping over the threshold, where it was above: farthest from 1",
            exact(ratios[int(np.abs(np.array(ratios) - 1).argmax())], cases),
            equals(1.0, 1e-12),
            published=formula,
            note=rounding,
            figures=("recurrence_cliff",),
        ),
        Finding(
            138,
            "Smallest cosine between the gradient before and after",
            exact(min(cosines), cases),
            equals(1.0, 1e-12),
            note=rounding,
        ),
        Finding(138, "Share of smaller gradients left untouched", exact(np.mean(untouched), cases), equals(1.0)),
        Finding(
            138,
            "Largest relative difference from PyTorch's clipping",
            exact(max(gaps), cases),
            below(1e-5),
            kind="oracle",
            oracle="torch.nn.utils.clip_grad_norm_",
            note="PyTorch divides by the norm plus 1e-6, which shows for small norms.",
        ),
    ]


# --- gates ------------------------------------------------------------------------------------------------------------


def _reach(config: Gains) -> dict[str, np.ndarray]:
    """name -> (steps, networks): norm of the last output's gradient by the input of 0, 1, 2, ... steps before."""
    result = {}
    for name, (cell, bias) in NETWORKS.items():
        rng = np.random.default_rng(139)
        weights = lesson.initial_weights(rng, cell, INPUTS, config.hidden, config.networks)
        weights.b[:, config.hidden : 2 * config.hidden] += bias if cell is lesson.LSTM else 0.0
        inputs = rng.normal(size=(config.steps, config.networks, 1, INPUTS))
        trace = lesson.forward(cell, weights, inputs)
        d_outputs = np.zeros_like(trace.outputs)
        d_outputs[-1] = rng.normal(size=d_outputs[-1].shape)
        _, d_inputs, _ = lesson.backward(cell, weights, inputs, trace, d_outputs)
        result[name] = np.linalg.norm(d_inputs, axis=(-2, -1))[::-1]
    return result


def _hold(task: memory.Task, name: str, config: Memory) -> np.ndarray:
    """(seeds,) score of one network on a task, at the learning rate with the lowest final training loss."""
    cell, bias = NETWORKS[name]
    rates = np.repeat(config.rates, config.seeds)
    losses, scores = memory.train(cell, task, rates, config.hidden, config.batch, config.updates, bias, rng_seed=139)
    final = losses[-(config.updates // 10) :].mean(axis=0).reshape(len(config.rates), -1)
    return scores.reshape(final.shape)[final.argmin(axis=0), np.arange(config.seeds)]


def _gate_findings(
    config: Config, reach: dict[str, np.ndarray], held: dict[str, np.ndarray], latched: dict[str, np.ndarray]
) -> list[Finding]:
    back, lag = len(reach["RNN"]) // 2, config.memory.lags[-1]
    sizes = INPUTS, config.gains.hidden
    budget = f"{config.memory.updates} updates for every network; the learning rate with the lowest training loss."
    shown = ("recurrence_memory",)
    solves = "S3: introduced to solve the vanishing gradient problem"
    range_ = "S3: efficiently learn long-range dependency by preventing the vanishing gradient problem"

    def parity(claim: int, cell: lesson.Cell) -> Finding:
        name = cell.__name__
        return Finding(
            claim,
            f"Largest difference of our {name} from PyTorch's: outputs and all gradients",
            exact(_gap_to_torch(cell, 1, config.cases), config.cases),
            below(1e-6),
            oracle=f"torch.nn.{name} and autograd",
        )

    def arrives(claim: int, name: str, **more: Any) -> Finding:
        logs = {n: np.log10(np.maximum(reach[n][back], 1e-300)) for n in (name, "RNN")}
        return Finding(
            claim,
            f"Gradient that arrives from {back} steps back before training, {name} over RNN",
            mean_effect(logs[name] - logs["RNN"], unit="decades"),
            figures=shown,
            **more,
        )

    def holds(claim: int, name: str, other: str = "RNN", **more: Any) -> Finding:
        return Finding(
            claim,
            f"Variance explained of a number {lag} steps back, {name} minus {other}",
            seeds_effect(100 * (held[name][-1] - held[other][-1]), unit="points"),
            figures=shown,
            note=f"{budget} {more.pop('note', '')}".strip(),
            **more,
        )

    open_note = f"Keep-gate bias {OPEN:g} at the start; the usual start does not do it (below)."
    return [
        parity(139, lesson.LSTM),
        arrives(139, OPENED, expect=above(0.0), variant="corrected", published=solves),
        holds(139, OPENED, expect=above(0.0), variant="corrected", published=solves, note=open_note),
        arrives(139, "LSTM", kind="context", note="Keep gates near 1/2 halve the memory at every step."),
        holds(139, "LSTM", kind="context", note="The architecture alone is not enough: its keep gate must open first."),
        Finding(
            139,
            f"Accuracy on one of four symbols {lag} steps back, {OPENED} minus RNN",
            seeds_effect(100 * (latched[OPENED] - latched["RNN"]), unit="points"),
            kind="context",
            note=f"{budget} A plain network can latch symbols by saturating; what it loses is numbers.",
        ),
        parity(140, lesson.GRU),
        Finding(
            140,
            "Parameters of a GRU over those of an LSTM of the same sizes",
            exact(lesson.parameter_count(lesson.GRU, *sizes) / lesson.parameter_count(lesson.LSTM, *sizes)),
            equals(0.75),
            published="S3: fewer parameters",
            note="Three gates for four; exact for any sizes.",
        ),
        arrives(140, "GRU", expect=above(0.0), published=range_),
        holds(140, "GRU", expect=above(0.0), published=range_),
        holds(140, "GRU", OPENED, kind="context"),
    ]


def _table(held: dict[str, np.ndarray], config: Memory) -> Table:
    rows = [
        (name, *(f"{100 * row.mean():.0f} % ({100 * row.min():.0f} to {100 * row.max():.0f})" for row in scores))
        for name, scores in held.items()
    ]
    caption = (
        f"Share of the number's variance that is explained on 256 fresh sequences, mean and range over {config.seeds} "
        f"seeds; {config.hidden} units, {config.updates} updates of {config.batch} sequences."
    )
    return Table("Holding a number", ("network", *(f"{lag} steps" for lag in config.lags)), tuple(rows), caption)
