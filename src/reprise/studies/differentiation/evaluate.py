"""Claims 13-17 and 142: how programs are differentiated, what each way costs, and the sources' worked graphs."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from reprise.claims.evidence import Evidence, Finding, Metric, Table, above, below, between, equals
from reprise.statistics import exact, mean_effect
from reprise.studies.differentiation import lesson
from reprise.studies.differentiation.figures import draw
from reprise.studies.differentiation.settings import Config
from reprise.workspace import Workspace


def source_linear(v: list[Any]) -> Any:
    """S1: z = 2x - y."""
    return 2 * v[0] - v[1]


def source_curved(v: list[Any]) -> Any:
    """S1: z = sin x - y^3."""
    return lesson.sin(v[0]) - v[1] ** 3


def composite(v: list[Any]) -> Any:
    """Three inputs, every kind of operation."""
    x, y, z = v
    return lesson.exp(lesson.sin(x * y)) / (1 + z**2) + lesson.log(1 + x**2) * z


def worked(v: list[Any]) -> Any:
    """The example of most step-by-step tables: y = x0 x1 + sin x0."""
    return v[0] * v[1] + lesson.sin(v[0])


def squared(v: list[Any]) -> Any:
    """S3: f = y z with y = z = x - 1, as its graph draws it."""
    y = v[0] - 1
    z = v[0] - 1
    return y * z


def logistic_map(iterations: int) -> lesson.Function:
    """x -> 4x(1 - x), iterated: short as a program, huge as a formula."""

    def run(v: list[Any]) -> Any:
        x = v[0]
        for _ in range(iterations):
            x = 4 * x * (1 - x)
        return x

    return run


def recurrence(outputs: int, chain: int) -> lesson.Function:
    """A state that reads its inputs in the first steps and gives its outputs in the last: cost fixed by ``chain``."""

    def run(v: list[Any]) -> list[Any]:
        state, states = 0.5, []
        for t in range(chain):
            state = lesson.sin(state + v[t]) if t < len(v) else lesson.sin(state + 0.1)
            states.append(state)
        return states[-outputs:]

    return run


def evaluate(workspace: Workspace) -> Evidence:
    """Measures and draws; torch is not needed."""
    config: Config = workspace.config
    evidence = Evidence(
        data=f"generated: {config.points} random points of a three-input function; the sources' own worked examples",
    )
    _accuracy(config, evidence)
    _swell(config, evidence)
    _directions(config, evidence)
    _registered(config, evidence)
    _routes(config, evidence)
    _examples(evidence)
    _graph(config, evidence)
    curves = {name: evidence.cost.pop(name) for name in DRAWN}
    automatic = evidence.metrics["automatic_error"].value
    evidence.figures += draw(workspace.evidence / "figures", config, curves, automatic, lesson.record(squared, [2.0]))
    return evidence


def _compare(config: Config, steps: np.ndarray) -> dict[str, np.ndarray]:
    """Relative errors against 50 digits: per method (points,), and for the step curves (steps,) medians."""
    points = np.random.default_rng(13).uniform(-2, 2, size=(config.points, 3))
    symbols, formulas = lesson.symbolic_jacobian(composite, 3)
    truth = lesson.evaluate_symbolic(symbols, formulas, points, digits=50)[:, 0]

    def error(found: np.ndarray) -> np.ndarray:
        return np.linalg.norm(found - truth, axis=1) / np.linalg.norm(truth, axis=1)

    def each(method: Any, **options: Any) -> np.ndarray:
        return error(np.array([method(composite, point, **options)[0] for point in points]))

    return {
        "numerical, forward": each(lesson.numerical_jacobian, central=False),
        "numerical, central": each(lesson.numerical_jacobian),
        "symbolic": error(lesson.evaluate_symbolic(symbols, formulas, points)[:, 0]),
        "automatic, forward mode": each(lesson.forward_jacobian),
        "automatic, reverse mode": each(lesson.reverse_jacobian),
        "steps, forward": _curve(each, steps, central=False),
        "steps, central": _curve(each, steps, central=True),
    }


def _curve(each: Any, steps: np.ndarray, central: bool) -> np.ndarray:
    return np.array([np.median(each(lesson.numerical_jacobian, step=float(s), central=central)) for s in steps])


STEPS = np.logspace(-15, 0, 31)
DRAWN = ("step_errors", "by_inputs", "by_outputs", "formula_operations", "tape_operations", "descent")


def _accuracy(config: Config, evidence: Evidence) -> None:
    errors = _compare(config, STEPS)
    evidence.cost["step_errors"] = {"steps": STEPS} | {k: errors[f"steps, {k}"] for k in ("forward", "central")}
    methods = {
        "numerical, forward": partial(lesson.numerical_jacobian, central=False),
        "numerical, central": lesson.numerical_jacobian,
        "symbolic": None,
        "automatic, forward mode": lesson.forward_jacobian,
        "automatic, reverse mode": lesson.reverse_jacobian,
    }
    rows = []
    for name, method in methods.items():
        cost = f"{_cost(method, composite, [1.0, 1.0, 1.0]):.1f}" if method else "grows with the formula"
        rows.append((name, f"{np.median(errors[name]):.1e}", f"{errors[name].max():.1e}", cost))
    evidence.tables.append(
        Table(
            "One gradient, five ways",
            ("method", "median relative error", "largest", "cost of the gradient, in evaluations"),
            tuple(rows),
            f"exp(sin(xy)) / (1 + z²) + z log(1 + x²) at {config.points} random points, against 50 decimal digits.",
        )
    )
    automatic = float(np.maximum(errors["automatic, forward mode"], errors["automatic, reverse mode"]).max())
    evidence.findings += [
        Finding(
            13,
            "log10 of the relative error of the forward difference at step √ε, mean over points",
            mean_effect(np.log10(errors["numerical, forward"]), unit="log10"),
            between(-9, -7),
            note="Expected √ε = 1.5e-8 before the run; the band is one order either side.",
            figures=("differentiation-steps",),
        ),
        Finding(
            13,
            "Largest relative error of automatic differentiation, both modes",
            exact(automatic, config.points),
            below(1e-14),
            oracle="sympy's formula evaluated by mpmath with 50 digits",
            note="About fifteen operations of 2.2e-16 each: exact up to rounding, with no step to choose.",
            figures=("differentiation-steps",),
        ),
        Finding(
            13,
            "Largest relative error of the symbolic formula, evaluated in floats",
            exact(errors["symbolic"].max(), config.points),
            below(1e-14),
            oracle="the same formula by mpmath with 50 digits",
        ),
        Finding(
            13,
            "log10 of the relative error of the central difference at step ε^(1/3), mean over points",
            mean_effect(np.log10(errors["numerical, central"]), unit="log10"),
            kind="context",
            note="Twice the evaluations buy three digits; it still loses a third of them.",
        ),
    ]
    evidence.metrics["automatic_error"] = Metric(automatic, "lower", n=config.points)


def _cost(method: Any, function: lesson.Function, x: Any) -> float:
    """Work of a Jacobian in evaluations of the function: operations, gradient rules and products weigh alike."""
    with lesson.counting() as base:
        lesson.record(function, x)
    with lesson.counting() as tally:
        method(function, x)
    automatic = tally["operations"] + tally["rules"] + tally["products"]
    return tally["evaluations"] + automatic / base["operations"]


def _swell(config: Config, evidence: Evidence) -> None:
    """Formula size against tape size for the iterated logistic map."""
    import sympy

    formula, tape = [], []
    for k in range(1, config.iterations + 1):
        _, formulas = lesson.symbolic_jacobian(logistic_map(k), 1)
        formula.append(int(sympy.count_ops(formulas[0][0])))
        with lesson.counting() as tally:
            lesson.reverse_jacobian(logistic_map(k), [0.3])
        tape.append(sum(tally.values()))
    evidence.cost["formula_operations"], evidence.cost["tape_operations"] = formula, tape
    evidence.findings.append(
        Finding(
            13,
            f"Operations in the symbolic derivative over those in one reverse sweep, {config.iterations} iterations of "
            "the logistic map",
            exact(formula[-1] / tape[-1], unit="times"),
            above(1),
            note="S1 says that symbolic and automatic differentiation look similar but differ. Here is the difference: "
            "a formula repeats its shared parts, a tape stores them. (Common subexpressions can be shared afterwards; "
            "automatic differentiation never unshares them.)",
            figures=("differentiation-costs",),
        )
    )


def _costs(config: Config, many: str) -> dict[str, np.ndarray]:
    """Cost of the Jacobian in evaluations, (sizes,), as the inputs or the outputs grow."""
    rows: dict[str, list[float]] = {"numerical": [], "forward mode": [], "reverse mode": []}
    methods = (lesson.numerical_jacobian, lesson.forward_jacobian, lesson.reverse_jacobian)
    for size in config.sizes:
        function = recurrence(size if many == "outputs" else 1, config.chain)
        x = np.full(size if many == "inputs" else 1, 0.3)
        for name, method in zip(rows, methods, strict=True):
            rows[name].append(_cost(method, function, x))
    return {name: np.array(row) for name, row in rows.items()}


def _directions(config: Config, evidence: Evidence) -> None:
    points = np.random.default_rng(14).uniform(-2, 2, size=(config.points, 3))
    pairs = [(lesson.forward_jacobian(composite, p), lesson.reverse_jacobian(composite, p)) for p in points]
    gap = max(np.abs(a - b).max() / np.abs(a).max() for a, b in pairs)
    inputs, outputs = _costs(config, "inputs"), _costs(config, "outputs")
    evidence.cost["by_inputs"] = {k: v.tolist() for k, v in inputs.items()}
    evidence.cost["by_outputs"] = {k: v.tolist() for k, v in outputs.items()}

    def slope(costs: np.ndarray) -> float:
        return float((costs[-1] - costs[0]) / (config.sizes[-1] - config.sizes[0]))

    evidence.findings.append(
        Finding(
            14,
            "Largest relative difference between forward and reverse mode",
            exact(gap, config.points),
            below(1e-14),
            note="The same products in another order: equal up to rounding.",
        )
    )
    for mode, many, costs, grows in (
        ("forward", "input", inputs, True),
        ("forward", "output", outputs, False),
        ("reverse", "output", outputs, True),
        ("reverse", "input", inputs, False),
    ):
        evidence.findings.append(
            Finding(
                14,
                f"Cost that each further {many} adds to a {mode}-mode Jacobian, in evaluations of the function",
                exact(slope(costs[f"{mode} mode"]), len(config.sizes), "evaluations"),
                above(1) if grows else between(-0.1, 0.1),
                note=f"Counted on a recurrence of {config.chain} steps; slope over {config.sizes[0]} to "
                f"{config.sizes[-1]} {many}s. A pass is dearer than an evaluation, so above 1 where the mode must "
                "repeat itself, and nothing where it need not.",
                figures=("differentiation-costs",),
            )
        )
    cheap = float(inputs["reverse mode"][-1])
    evidence.findings.append(
        Finding(
            14,
            f"Cost of a full gradient with {config.sizes[-1]} inputs in reverse mode, in evaluations of the function",
            exact(cheap, unit="evaluations"),
            below(5),
            oracle="Baur and Strassen (1983): a gradient costs at most five evaluations, however many inputs",
        )
    )
    evidence.metrics["gradient_cost"] = Metric(cheap, "lower")
    evidence.tables.append(_step_table())


def _step_table() -> Table:
    """The worked example, node by node: values and tangents downwards, adjoints upwards."""
    at = [2.0, 3.0]
    inputs, (output,) = lesson.record(worked, at)
    adjoints = output.sweep()
    names = {node.index: f"v{node.index}" for node in inputs[0].tape}
    seeds = [_tangents(inputs[0].tape, i) for i in range(2)]
    rows = []
    for node in inputs[0].tape:
        made = f"x{node.index}" if node.operation is None else node.operation.name
        parts = ", ".join(names[item.index] if isinstance(item, lesson.Node) else f"{item:g}" for item in node.inputs)
        i = node.index
        numbers = (node.value, seeds[0][i], seeds[1][i], adjoints[i])
        rows.append((names[i], f"{made}({parts})" if parts else made, *(f"{n:.4f}" for n in numbers)))
    return Table(
        "One function, both directions: y = x0 x1 + sin x0 at (2, 3)",
        ("node", "made by", "value ↓", "∂node/∂x0 ↓", "∂node/∂x1 ↓", "∂y/∂node ↑"),
        tuple(rows),
        "Forward mode fills one tangent column for each input, from the top. Reverse mode fills the last column, from "
        "the bottom, once: its first two entries are the whole gradient, and equal the tangents of the last row.",
    )


def _tangents(tape: list[lesson.Node], seed: int) -> list[float]:
    """Forward tangents along a recorded tape, with input ``seed`` moving."""
    tangents: list[float] = []
    for node in tape:
        if node.operation is None:
            tangents.append(float(node.index == seed))
            continue
        raw = [item.value if isinstance(item, lesson.Node) else item for item in node.inputs]
        partials = node.operation.gradient(1.0, *raw)
        parts = zip(partials, node.inputs, strict=True)
        tangents.append(sum(p * tangents[item.index] for p, item in parts if isinstance(item, lesson.Node)))
    return tangents


def _registered(config: Config, evidence: Evidence) -> None:
    grid = np.linspace(-10, 10, 401)
    registered = np.array([lesson.reverse_jacobian(lambda v: lesson.sin(v[0]), [x])[0, 0] for x in grid])
    broken = lesson.Operation("sin", math.sin)
    broken.register_gradient(lambda upstream, x: (upstream * math.cos(x) * 1.001,))
    evidence.findings += [
        Finding(
            15,
            "Largest |registered gradient of sin - cos x| on 401 points",
            exact(np.abs(registered - np.cos(grid)).max(), len(grid)),
            between(0, 2.3e-16),
            oracle="numpy.cos; at most one unit in the last place between two libraries' cosines",
        ),
        Finding(
            15,
            "gradcheck of the registered gradient against central differences",
            exact(lesson.gradcheck(lesson.sin, grid), len(grid)),
            below(1e-8),
            note="Central differences of numbers near 1 are good to about 1e-10.",
        ),
        Finding(
            15,
            "gradcheck of a rule that is wrong by one part in a thousand",
            exact(lesson.gradcheck(broken, grid), len(grid)),
            above(5e-4),
            kind="oracle",
            oracle="a planted mistake",
            note="A check that passes everything checks nothing; this one sees a planted error of 0.1 %.",
        ),
    ]


def _routes(config: Config, evidence: Evidence) -> None:
    """Three ways to take the same steps, and a step that leaves some variables alone."""
    start = np.random.default_rng(16).normal(size=3)
    optimizer = lesson.GradientDescent(0.01)
    whole, split, hand = start, start, start
    for _ in range(config.steps):
        whole = optimizer.minimise(composite, whole)
        split = optimizer.apply_gradients(optimizer.compute_gradients(composite, split), split)
        gradient = lesson.reverse_jacobian(composite, hand)[0]
        hand = np.array([item - 0.01 * slope for item, slope in zip(hand, gradient, strict=True)])
    some = start
    for _ in range(config.steps):
        some = optimizer.minimise(composite, some, subset=[0, 2])
    differing = sum(int(a.tobytes() != whole.tobytes()) for a in (split, hand))
    evidence.findings += [
        Finding(
            16,
            f"Routes whose parameters differ in any bit after {config.steps} steps (minimise; compute and apply; by "
            "hand)",
            exact(differing, 3, "routes"),
            equals(0),
        ),
        Finding(
            16,
            "Distance moved by the variable that was left out of the list",
            exact(abs(some[1] - start[1]), config.steps),
            equals(0),
            note=f"The listed ones moved by {np.abs(some - start)[[0, 2]].min():.3f} or more.",
        ),
        Finding(
            16,
            "Smallest distance moved by a listed variable",
            exact(np.abs(some - start)[[0, 2]].min(), config.steps),
            above(0),
        ),
    ]


def _examples(evidence: Evidence) -> None:
    cases = (
        ("2x - y at (1, 2)", source_linear, [1, 2], (2, -1), 0.0, "[2, -1] (S1)"),
        ("sin x - y³ at (3, 5)", source_curved, [3, 5], (math.cos(3), -75), 5e-8, "[-0.9899925, -75.0] (S1)"),
    )
    for text, function, at, truth, tolerance, published in cases:
        gradient = lesson.reverse_jacobian(function, at)[0]
        for name, found, right in zip("xy", gradient, truth, strict=True):
            evidence.findings.append(
                Finding(
                    17,
                    f"∂z/∂{name} of {text}",
                    exact(found),
                    equals(right, tolerance),
                    published=published,
                    oracle="the derivative by hand: cos 3 and -3 · 5²" if tolerance else "",
                    note="The published digits are single precision." if tolerance else "",
                )
            )


def _graph(config: Config, evidence: Evidence) -> None:
    _, (output,) = lesson.record(squared, [2.0])
    adjoints = output.sweep()  # x, y, z, f
    for index, name, right in ((1, "∂f/∂y", 1), (2, "∂f/∂z", 1), (0, "df/dx", 2)):
        evidence.findings.append(
            Finding(
                142,
                f"{name} of f = yz, y = z = x - 1, at x = 2",
                exact(adjoints[index]),
                equals(right),
                published=f"{right} (S3)",
                figures=("differentiation-graph",),
            )
        )
    optimizer, x = lesson.GradientDescent(0.1), np.array([2.0])
    path = [2.0]
    for _ in range(config.steps):
        x = optimizer.minimise(squared, x)
        path.append(float(x[0]))
    closed = 1 + 0.8 ** np.arange(config.steps + 1)
    evidence.cost["descent"] = path
    evidence.findings += [
        Finding(
            142,
            f"|x - 1| after {config.steps} steps of gradient descent from x = 2, learning rate 0.1",
            exact(abs(path[-1] - 1), config.steps),
            below(1e-5),
            note=f"Each step keeps the fraction 1 - 2·0.1 of the error: 0.8^{config.steps} = {0.8**config.steps:.1e}.",
            figures=("differentiation-graph",),
        ),
        Finding(
            142,
            "Largest distance of the path from 1 + (1 - 2·0.1)^t",
            exact(np.abs(np.array(path) - closed).max(), len(path)),
            between(0, 1e-14),
            kind="oracle",
            oracle="closed form of the recurrence",
        ),
    ]
