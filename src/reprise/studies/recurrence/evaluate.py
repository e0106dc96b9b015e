"""Claims 133-140: recurrent networks unfolded over time, what becomes of their gradients, and what gates change."""

from __future__ import annotations

import torch
from threadpoolctl import threadpool_limits

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric
from reprise.studies.recurrence import clipping, figures, formula, gains, gates, recall, unfolded
from reprise.studies.recurrence.lesson.cells import parameter_count
from reprise.studies.recurrence.networks import INPUTS, NETWORKS, OPENED
from reprise.studies.recurrence.settings import Config
from reprise.sweeps import read_sweep
from reprise.workspace import Workspace


@threadpool_limits.wrap(limits=1)  # threads cost more than they give on matrices so small
def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures claims 133-140; what was trained comes from the sweep."""
    torch.set_num_threads(1)
    config: Config = workspace.config
    memory = config.memory
    sweep = read_sweep(workspace, *recall.COLUMNS)
    terms = formula.measure(config.cases)
    grown = gains.measure(config.gains)
    reach = gates.measure_reach(config.gains)
    recalled = recall.recall(sweep, memory.lags)
    held = recalled.held
    folder = workspace.evidence / "figures"
    figures.draw_terms(folder, terms)
    figures.draw_gains(folder, grown, config.gains.radii)
    figures.draw_cliff(folder)
    figures.draw_memory(folder, reach, held, memory.lags)
    return Evidence(
        data=f"generated: {config.gains.networks} random networks over {config.gains.steps} steps; random "
        f"sequences, {memory.seeds} seeds of each cell at the longest lag",
        findings=[
            *unfolded.findings(config.cases, recall.echoed(sweep)),
            *formula.findings(declared[135], terms),
            *gains.findings(declared, grown, gains.choices(config.gains), config.gains),
            *clipping.findings(declared[138], clipping.measure(config.cases)),
            *gates.findings(declared, config, reach, recalled),
        ],
        metrics={
            "tanh_log_gain_per_step": gains.metric(grown),
            "held_by_open_lstm": Metric.over_seeds(recalled.holds(OPENED), "higher"),
            "held_by_gru": Metric.over_seeds(recalled.holds("GRU"), "higher"),
        },
        tables=[recall.table(held, memory)],
        figures=figures.FIGURES,
        cost={
            "updates": memory.updates,
            "networks": int((sweep.columns["task"] != "echo").sum()),
            "parameters": {name: parameter_count(each.cell, INPUTS, memory.hidden) for name, each in NETWORKS.items()},
        },
    )
