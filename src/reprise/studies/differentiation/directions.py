"""Claim 14: forward and reverse mode give the same numbers, and each is cheap where the other is dear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, Metric, Table, above, below, between, primary
from reprise.statistics import exact
from reprise.studies.differentiation.lesson.automatic import Node, forward_jacobian, record, reverse_jacobian
from reprise.studies.differentiation.lesson.operations import value_of
from reprise.studies.differentiation.programs import composite, worked
from reprise.studies.differentiation.published import GRADIENT_COST
from reprise.studies.differentiation.settings import Config

SHOWN = ("differentiation-costs",)
Costs = Mapping[str, np.ndarray]  # method -> (sizes,), in evaluations of the function


def largest_gap(config: Config) -> float:
    """Between the two modes' gradients at random points, relative to the largest entry."""
    points = np.random.default_rng(14).uniform(-2, 2, size=(config.points, 3))
    pairs = [(forward_jacobian(composite, point), reverse_jacobian(composite, point)) for point in points]
    return max(np.abs(forward - reverse).max() / np.abs(forward).max() for forward, reverse in pairs)


def findings(declared: Declaration, config: Config, by_inputs: Costs, by_outputs: Costs) -> list[Finding]:
    """Equal values; which mode pays for what; and the bound on a gradient's cost."""
    rise = config.sizes[-1] - config.sizes[0]
    cases = (
        ("forward", "input", by_inputs["forward mode"], True),
        ("forward", "output", by_outputs["forward mode"], False),
        ("reverse", "output", by_outputs["reverse mode"], True),
        ("reverse", "input", by_inputs["reverse mode"], False),
    )
    slopes = [
        Finding(
            14,
            f"Cost that each further {many} adds to a {mode}-mode Jacobian, in evaluations of the function",
            exact((costs[-1] - costs[0]) / rise, len(config.sizes), "evaluations"),
            above(1) if grows else between(-0.1, 0.1),
            kind="secondary",
            note=f"Counted on a recurrence of {config.chain} steps; slope over {config.sizes[0]} to "
            f"{config.sizes[-1]} {many}s. A pass is dearer than an evaluation, so above 1 where the mode must "
            "repeat itself, and nothing where it need not.",
            figures=SHOWN,
        )
        for mode, many, costs, grows in cases
    ]
    return [
        primary(
            declared,
            exact(largest_gap(config), config.points),
            note="The same products in another order. Orders between the two exist as well; the source names the ends.",
        ),
        *slopes,
        Finding(
            14,
            f"Cost of a full gradient with {config.sizes[-1]} inputs in reverse mode, in evaluations of the function",
            exact(by_inputs["reverse mode"][-1], unit="evaluations"),
            below(GRADIENT_COST),
            kind="secondary",
            oracle="Baur and Strassen (1983): a gradient costs at most five evaluations, however many inputs",
        ),
    ]


def metrics(by_inputs: Costs) -> dict[str, Metric]:
    """For the gate: what the gradient by most inputs costs."""
    return {"gradient_cost": Metric(float(by_inputs["reverse mode"][-1]), "lower")}


def step_table() -> Table:
    """The worked example, node by node: values and tangents downwards, adjoints upwards."""
    inputs, (output,) = record(worked, [2.0, 3.0])
    tape, adjoints = inputs[0].tape, output.sweep()
    by_first, by_second = (tangents(tape, moving) for moving in range(2))
    rows = []
    for i, node in enumerate(tape):
        made = f"x{i}" if node.operation is None else node.operation.name
        parts = ", ".join(f"v{item.index}" if isinstance(item, Node) else f"{item:g}" for item in node.inputs)
        numbers = (node.value, by_first[i], by_second[i], adjoints[i])
        rows.append((f"v{i}", f"{made}({parts})" if parts else made, *(f"{number:.4f}" for number in numbers)))
    return Table(
        "One function, both directions: y = x0 x1 + sin x0 at (2, 3)",
        ("node", "made by", "value ↓", "∂node/∂x0 ↓", "∂node/∂x1 ↓", "∂y/∂node ↑"),
        tuple(rows),
        "Forward mode fills one tangent column for each input, from the top. Reverse mode fills the last column, from "
        "the bottom, once: its first two entries are the whole gradient, and equal the tangents of the last row.",
    )


def tangents(tape: Sequence[Node], moving: int) -> list[float]:
    """Forward tangents along a recorded tape, with one input moving: derivatives of every node by it."""
    found: list[float] = []
    for node in tape:
        if node.operation is None:
            found.append(float(node.index == moving))
            continue
        partials = node.operation.gradient(1.0, *map(value_of, node.inputs))
        parts = zip(partials, node.inputs, strict=True)
        found.append(sum(partial * found[item.index] for partial, item in parts if isinstance(item, Node)))
    return found
