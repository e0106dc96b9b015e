"""The study ``optimizers``: parts that are stages, what counts as best and useful, and an oracle that can fail."""

from __future__ import annotations

import numpy as np
import pytest
from tests.conftest import copy_params
from tests.studies import made_up

from reprise import config
from reprise.config import ConfigError
from reprise.evaluation import evaluate_study
from reprise.stages.sweep import sweep as run_sweep
from reprise.studies.optimizers import alone, curves
from reprise.studies.optimizers import sweep as study_sweep
from reprise.sweep.rules import RULES
from reprise.sweeps import Sweep, read_sweep, swept_to
from reprise.workspace import Workspace

STUDY = "optimizers"


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    return made_up.swept(tmp_path_factory.mktemp(STUDY), STUDY)


def made(values: dict[float, list[float]], dropout: float = 0.0) -> curves.Accuracies:
    """Accuracies of Adam's seeds by rate, after a first reading that must not count."""
    rows = [(rate, seed, step, value if step == 2 else 0.99) for rate, seeds in values.items()
            for seed, value in enumerate(seeds) for step in (1, 2)]  # fmt: skip
    rate, seed, step, accuracy = map(np.array, zip(*rows[::-1], strict=True))
    columns = {"optimizer": np.full(len(rows), "adam"), "dropout": np.full(len(rows), dropout), "seed": seed,
               "learning_rate": rate, "step": step, "test_accuracy": accuracy,
               "diverged": np.where(np.isnan(accuracy), 2, 0)}  # fmt: skip
    return curves.read(Sweep(columns, {"parts": {"adam": {"optimizer": "adam", "dropout": dropout}}}))["adam", dropout]


def test_every_part_is_a_folder_and_all_are_read_as_one(space):
    sweep, grid = read_sweep(space), space.config.grid
    assert len(sweep) == 8 * grid.rates * grid.seeds * grid.readings
    assert set(sweep.columns["optimizer"]) == set(RULES)
    assert list(sweep.settings["parts"]) == list(space.config.parts)
    assert set(sweep.columns["classes"]) == {10}
    assert not any(space.checkpoints(part).exists() for part in space.config.parts)  # nothing left to go on from


def test_it_is_built_and_its_oracle_holds(space):
    evidence = evaluate_study(space)
    kinds = [finding.kind for finding in evidence.findings]
    assert {finding.claim for finding in evidence.findings} == {23}
    assert kinds.count("oracle") == 1
    assert set(kinds) == {"oracle", "context"}
    assert next(each for each in evidence.findings if each.kind == "oracle").verdict == "reproduced"


def test_the_oracle_sees_another_epsilon(monkeypatch):
    rule = RULES["adam"]
    monkeypatch.setitem(RULES, "adam", type(rule)(**{**vars(rule), "options": {**rule.options, "eps": 1e-3}}))
    assert alone.furthest("adam", 0.0) > alone.NEAR


def test_a_killed_part_goes_on_with_the_networks_that_it_lacks(space, monkeypatch):
    before = (swept_to(space, "adam") / "table.csv").read_bytes()
    asked = []

    def stopped(*given, **settings):
        asked.append(settings["folder"])
        given = (given[0], given[1], given[2][:2])
        plain(*given, **settings)
        raise KeyboardInterrupt

    plain = study_sweep.train
    monkeypatch.setattr(study_sweep, "train", stopped)
    with pytest.raises(KeyboardInterrupt):
        run_sweep(space, "adam")
    assert len(list(asked[0].rglob("*.json"))) == 2
    assert not swept_to(space, "adam").exists()
    monkeypatch.undo()
    run_sweep(space, "adam")
    assert (swept_to(space, "adam") / "table.csv").read_bytes() == before


@pytest.mark.parametrize(("part", "message"), [("", "no part ''"), ("adm", "did you mean 'adam'")])
def test_a_part_that_is_none_is_refused(space, part, message):
    with pytest.raises(ValueError, match=message):
        run_sweep(space, part)


def test_a_part_of_other_settings_or_another_part_is_not_read(space, tmp_path):
    copy_params(tmp_path)
    other = Workspace(STUDY, tmp_path)
    config.set_value(tmp_path, "scale=smoke", f"{STUDY}.parts.sgd.dropout=0.25")
    other.sweep.parent.mkdir(parents=True)
    other.sweep.symlink_to(space.sweep.absolute())
    with pytest.raises(ValueError, match="sgd: swept with another parts than"):
        read_sweep(other)


def test_best_and_useful_are_of_the_last_step():
    each = made({0.001: [0.2, 0.2], 0.01: [0.8, 0.6], 0.1: [0.63, 0.65]})
    assert each.rates[each.best] == 0.01
    assert each.useful == (0.01, 0.1)
    assert each.edge == ""


def test_a_diverged_network_counts_as_one_that_answers_nothing():
    each = made({0.001: [0.5, 0.5], 0.1: [0.9, np.nan]})
    assert each.rates[each.best] == 0.001
    assert each.diverged.tolist() == [[False, False], [False, True]]
    assert each.edge == "the lowest rate tried"


def test_one_seed_has_no_interval_and_is_not_compared():
    kinds = {("adam", dropout): made({0.1: [0.5], 1.0: [0.4]}, dropout) for dropout in (0.0, 0.5)}
    assert len(curves.findings(kinds)) == 2


def test_more_images_than_prepared_are_refused(space, tmp_path):
    copy_params(tmp_path)
    config.set_value(tmp_path, "scale=smoke", f"{STUDY}.grid.examples=4000")
    other = Workspace(STUDY, tmp_path)
    other.prepared("digits").parent.mkdir(parents=True)
    other.prepared("digits").symlink_to(space.prepared("digits").absolute())
    with pytest.raises(ValueError, match=r"200 images, 4000 are asked for; raise data\.digits"):
        run_sweep(other, "adam")


def test_rates_that_do_not_rise_are_refused(tmp_path):
    copy_params(tmp_path)
    with pytest.raises(ConfigError, match="is not below highest"):
        config.set_value(tmp_path, f"{STUDY}.grid.lowest=1.0")


def test_the_networks_of_the_source_have_their_size(tmp_path):
    copy_params(tmp_path)
    config.set_value(tmp_path, "scale=full")
    grid = Workspace(STUDY, tmp_path).config.grid
    assert sum(each.numel() for each in study_sweep.network(grid, 47).parameters()) == 1_204_655
    assert len(study_sweep.rates(grid)) == 1000
    assert study_sweep.rates(grid)[0] == pytest.approx(1e-6)
    assert study_sweep.rates(grid)[-1] == pytest.approx(0.1)
