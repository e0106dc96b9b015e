"""Claims 49-59 are all answered; gates made up to close or to differ are seen to."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save_file
from tests.studies import made_up

from reprise.runs import load_runs
from reprise.studies.connectivity import evolution
from reprise.studies.connectivity.accuracy import accuracy_findings
from reprise.studies.connectivity.gates import MERGES, final_gates
from reprise.studies.connectivity.train import data


def closing(variant, seed, epoch):
    """Gates that end alike on all seeds: the image's low, the last two merges lower, the rest open."""
    columns = {}
    for i, j in MERGES:
        end = 0.05 if j == 0 else 0.07 if i in evolution.LATE else 0.4 + 0.05 * j
        columns[f"gate_{i}_{j}"] = 0.73 + (end - 0.73) * epoch / 3 + 0.001 * seed
    return columns


def wandering(variant, seed, epoch):
    """Gates without anything in common between seeds."""
    rng = np.random.default_rng([seed, epoch])
    return {f"gate_{i}_{j}": rng.random() for i, j in MERGES}


def measured(folder, accuracy, gates=closing, epochs=9):
    space = made_up.workspace("connectivity", folder, epochs)
    for variant in space.config.variants:
        settings = space.settings(variant)
        structure = [data(space, settings, seed).structure for seed in range(made_up.SEEDS)]
        made_up.write_run(space, variant, accuracy(variant), gates, structure=structure)
        shape = (12,) if variant == "per_feature" else (2,)
        weights = {f"seed{s}/connections.0.weights": np.full(shape, 0.5 * s, np.float32) for s in range(made_up.SEEDS)}
        save_file(weights, space.run(variant) / "weights.safetensors")
    return space, made_up.evaluate(space)


@pytest.fixture(scope="module")
def as_published(tmp_path_factory):
    worse = {"sequential": 0.3, "matched": 0.4, "raw_weight": 0.25, "pad": 0.3, "sum": 0.3}
    return measured(tmp_path_factory.mktemp("connectivity"), lambda name: worse.get(name, 0.98))


def test_every_claim_is_answered(as_published):
    assert {finding.claim for finding in as_published[1].findings} == set(range(49, 60))


def test_counts_are_reproduced(as_published):
    assert made_up.verdicts(as_published[1], 49) == ["reproduced"] * 2


@pytest.mark.parametrize("claim", [50, 51, 55, 56])
def test_networks_that_are_as_published_reproduce_what_was_published(as_published, claim):
    assert set(made_up.verdicts(as_published[1], claim)) == {"reproduced"}


def test_gates_that_a_short_training_leaves_open_are_not_called_closed(tmp_path):
    def ajar(variant, seed, epoch):
        return {name: 0.6 + 0.4 * value for name, value in closing(variant, seed, epoch).items()}

    for epochs, verdict in ((9, "contradicted"), (4, "inconclusive")):
        folder = tmp_path / str(epochs)
        folder.mkdir()
        _, evidence = measured(folder, lambda name: 0.9, ajar, epochs)
        closed = [f for f in evidence.findings if f.claim == 56 and "closed?" in f.measures]
        assert [f.verdict for f in closed] == [verdict] * 2
        assert all(("cut off after 4 epochs" in f.undecided) == (epochs == 4) for f in closed)
        assert {f.verdict for f in evidence.findings if f.claim == 56 and f not in closed and f.kind == "claim"} == {
            "reproduced"
        }


def test_gates_without_anything_in_common_do_not_converge_alike(tmp_path):
    _, evidence = measured(tmp_path, lambda name: 0.9, wandering)
    assert "reproduced" not in made_up.verdicts(evidence, 57)
    assert "reproduced" not in made_up.verdicts(evidence, 56)


def test_networks_at_chance_are_not_judged(tmp_path):
    _, evidence = measured(tmp_path, lambda name: 0.1)
    judged = {f.claim for f in evidence.findings if f.kind == "claim" and not f.undecided}
    assert judged == {49}
    assert {made_up.verdicts(evidence, claim)[0] for claim in range(50, 60)} == {"inconclusive"}


def test_published_gates_are_those_of_the_figure(as_published):
    published = [f.published for f in as_published[1].findings if f.claim == 56 and f.published]
    assert published == [
        "-0.34 over merges 0 to 5 (S2, figure 3, read off)",
        "0.08 over merges 0 to 5",
        "“almost entirely” closed: all below 0.09 but one (S2, figure 3)",
    ]


def test_gates_of_too_few_seeds_are_not_judged(as_published, monkeypatch):
    space, evidence = as_published
    (alike,) = (f for f in evidence.findings if f.claim == 57 and "Correlation" in f.measures)
    assert (alike.verdict, alike.effect.seeds) == ("inconclusive", made_up.SEEDS)
    assert f"{evolution.SEEDS_ASKED} seeds" in alike.undecided
    monkeypatch.setattr(evolution, "SEEDS_ASKED", made_up.SEEDS)
    runs = load_runs(space)
    found = evolution.gate_findings(runs["concat"], runs["per_feature"], final_gates(runs["concat"]))
    assert [f.verdict for f in found if f.claim == 57 and f.kind == "claim"] == ["reproduced"]


def test_the_share_that_pruning_keeps_is_that_of_the_structure(as_published):
    space, evidence = as_published
    (share,) = (f for f in evidence.findings if f.claim == 58 and f.kind == "context")
    settings = space.settings("pruned")
    kept = [gate for row in data(space, settings, 0).structure for gate in row]
    assert 8 <= sum(kept) < 44  # the latest layer's output stays in each of eight merges
    assert share.effect.value == pytest.approx(sum(kept) / 44)
    (gain,) = (f for f in evidence.findings if f.claim == 58 and f.kind == "claim")
    assert f"gates below {settings.prune:g} removed" in gain.note


def test_without_a_pruned_network_the_claim_about_it_is_not_answered(as_published):
    found = accuracy_findings(load_runs(as_published[0]), None)
    assert {finding.claim for finding in found} == {50, 51, 52, 53, 54, 55, 59}
