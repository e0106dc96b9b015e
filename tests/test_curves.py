"""What DVC's plots are drawn from: every network's curve, wherever its seed was trained."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML
from tests.conftest import ROOT

from reprise.config import load
from reprise.curves import PLOTS, write_curves
from reprise.files import write_text
from reprise.registry import has_part, known_studies
from reprise.sweeps import swept_to, write_sweep
from reprise.workspace import Workspace

TEMPLATES = {path.stem: path for path in (ROOT / ".dvc" / "plots").glob("*.json")}


@pytest.fixture
def space(smoke: Path) -> Workspace:
    """The study `unet` alone: two seeds of every variant, and a further one of the first."""
    for path in smoke.glob("pipelines/*/params.yaml"):
        if path.parent.name not in ("unet", "optimizers"):
            path.unlink()
    space = Workspace("unet", smoke)
    for variant in space.config.variants:
        write_history(space.run(variant), 0, 2)
    write_history(space.run(next(iter(space.config.variants)), 2), 2, 1)
    for study in ("unet", "optimizers"):
        write_text(Workspace(study, smoke).evidence / "evidence.json", "{}")
    return space


def write_history(folder: Path, first: int, seeds: int) -> None:
    rows = [f"{seed},{epoch},0.001,{seed + epoch / 3}" for seed in range(first, first + seeds) for epoch in range(2)]
    write_text(folder / "history.csv", "\n".join(["seed,epoch,learning_rate,train_loss", *rows]) + "\n")


def table(root: Path, study: str) -> list[dict[str, str]]:
    with (root / PLOTS / f"{study}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_seed_of_every_variant_is_there_further_ones_too(space):
    assert write_curves(space.root) == [space.root / PLOTS / "unet.csv"]
    rows = table(space.root, "unet")
    seeds = {name: {row["seed"] for row in rows if row["variant"] == name} for name in space.config.variants}
    first, *others = seeds.values()
    assert first == {"0", "1", "2"}
    assert all(each == {"0", "1"} for each in others)
    assert rows[1] == {"variant": next(iter(seeds)), "seed": "0", "epoch": "1", "train_loss": "0.3333"}


def test_of_a_sweep_each_network_counts_as_it_ended_and_what_is_no_number_is_left_open(space):
    sweep = Workspace("optimizers", space.root)
    for part, settings in sweep.config.parts.items():
        dropout = settings.model_dump()["dropout"]
        columns = {"optimizer": np.full(4, "sgd"), "learning_rate": np.repeat([0.1, 1.0], 2),
                   "dropout": np.full(4, dropout), "seed": np.zeros(4), "step": np.tile([5, 10], 2),
                   "test_accuracy": np.array([0.1, 0.2, 0.3, np.nan])}  # fmt: skip
        grid = {"grid": sweep.config.grid.model_dump(mode="json"), "parts": {part: settings.model_dump(mode="json")}}
        write_sweep(swept_to(sweep, part), columns, grid)
    write_curves(space.root)
    rows = table(space.root, "optimizers")
    assert {row["step"] for row in rows} == {"10"}
    assert {row["variant"] for row in rows} == {"sgd dropout 0", "sgd dropout 0.5"}
    assert [row["test_accuracy"] for row in rows[:2]] == ["0.2", ""]


def test_a_study_without_evidence_is_not_asked_for(space):
    (space.evidence / "evidence.json").unlink()
    assert write_curves(space.root) == []
    assert (space.root / PLOTS).is_dir()


def test_nothing_is_left_of_a_study_that_is_gone(space):
    write_text(space.root / PLOTS / "gone.csv", "variant\n")
    write_curves(space.root)
    assert [path.name for path in (space.root / PLOTS).iterdir()] == ["unet.csv"]


def test_a_damaged_history_is_named(space):
    path = space.run("base") / "history.csv"
    path.write_text("seed,epoch,train_loss\n0,zero,1\n")
    with pytest.raises(ValueError, match=r"base/history\.csv: no history of a training"):
        write_curves(space.root)


@pytest.mark.parametrize("study", known_studies())
def test_every_study_has_a_plot_curves_where_it_trains(study):
    document = YAML(typ="safe").load(ROOT / "pipelines" / study / "dvc.yaml")
    plots = {name: plot for entry in document.get("plots", []) for name, plot in entry.items()}
    figures = ROOT / "src" / "reprise" / "studies" / study / "figures.py"
    assert plots or figures.is_file(), "dvc plots show would show nothing of it"
    assert plots or not has_part(study, "train")
    for name, plot in plots.items():
        assert name.startswith(f"{study}, ")  # the page of DVC has them all, one below the other
        assert plot["template"] in TEMPLATES
        assert list(plot["y"]) == [f"../../{PLOTS.as_posix()}/{study}.csv"]


@pytest.mark.parametrize("study", known_studies())
def test_every_network_that_dvc_offers_is_one_that_is_trained(study):
    document = YAML(typ="safe").load(ROOT / "pipelines" / study / "dvc.yaml")
    for artifact in document.get("artifacts", {}).values():
        *_, runs, name, variant, file = artifact["path"].split("/")
        assert (runs, name, file) == ("runs", study, "weights.safetensors")
        assert variant in load(ROOT).study(study).variants


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_templates_average_over_seeds_for_every_variant_and_revision(template):
    spec = json.loads(TEMPLATES[template].read_text(encoding="utf-8"))
    (grouped,) = [step for step in spec["transform"] if "aggregate" in step]
    assert grouped["groupby"] == ["rev", "variant", "at"]
    assert {each["op"] for each in grouped["aggregate"]} == {"mean", "min", "max", "count"}
    assert spec["encoding"]["x"].get("scale", {}).get("type") == ("log" if template.endswith("_log") else None)
