"""Claims 49-59 are all answered; gates made up to close or to differ are seen to."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import save_file
from tests.studies import made_up

from reprise.studies.connectivity import evolution
from reprise.studies.connectivity.counts import by_hand
from reprise.studies.connectivity.gates import MERGES, out_of_reach
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


def measured(folder, accuracy, gates=closing, epochs=9, prune=None):
    more = ["connectivity.base.decay=none", "connectivity.base.learning_rate=1.0"]  # steps that can carry a gate across
    more += [] if prune is None else [f"connectivity.started.pruned.prune={prune}"]
    space = made_up.workspace("connectivity", folder, epochs, *more)
    for variant in space.config.variants:
        settings = space.settings(variant)
        structure = [data(space, settings, seed).structure for seed in range(made_up.SEEDS)]
        size = by_hand(settings.width, settings.per_feature)
        made_up.write_run(space, variant, accuracy(variant), gates, structure=structure, parameters=size)
        shape = (12,) if variant == "per_feature" else (2,)
        weights = {f"seed{s}/connections.0.weights": np.full(shape, 0.5 * s, np.float32) for s in range(made_up.SEEDS)}
        save_file(weights, space.run(variant) / "weights.safetensors")
    return space, made_up.evaluate(space)


@pytest.fixture(scope="module")
def as_published(tmp_path_factory):
    worse = {"sequential": 0.3, "matched": 0.4, "raw_weight": 0.25, "pad": 0.3, "sum": 0.3, "concat": 0.7}
    return measured(tmp_path_factory.mktemp("connectivity"), lambda name: worse.get(name, 0.98), prune=0.08)


def test_every_claim_is_answered(as_published):
    assert {finding.claim for finding in as_published[1].findings} == set(range(49, 60))


def test_counts_of_connections_are_right_and_that_of_configurations_is_the_slip(as_published):
    evidence = as_published[1]
    for kind in ("primary", "secondary", "oracle"):
        assert made_up.verdicts(evidence, 49, kind) == ["reproduced"]
    (slip,) = (f for f in evidence.findings if f.kind == "slip")
    assert (slip.claim, slip.defect, slip.effect.value, slip.verdict) == (49, 21, 4096, "contradicted")


def test_what_the_source_only_names_is_built_and_carries_no_verdict(as_published):
    built = {claim for claim, declared in as_published[1].declared.items() if declared.built}
    assert built == {50, 54, 57, 59}
    assert {f.kind for f in as_published[1].findings if f.claim in built} == {"oracle", "context"}
    assert [made_up.verdicts(as_published[1], claim, "oracle") for claim in (50, 54, 57)] == [["reproduced"]] * 3
    assert made_up.verdicts(as_published[1], 59, "oracle") == ["reproduced"] * 2


@pytest.mark.parametrize(("claim", "comparisons"), [(51, 1), (55, 1), (56, 2), (58, 1)])
def test_networks_that_are_as_published_reproduce_what_was_published(as_published, claim, comparisons):
    assert made_up.verdicts(as_published[1], claim) == ["reproduced"] * comparisons


def test_networks_unlike_the_published_ones_contradict(tmp_path):
    better = {"raw_weight": 0.98, "pad": 0.98, "pruned": 0.3, "init_0": 0.98, "nearest": 0.98}
    _, evidence = measured(
        tmp_path, lambda name: better.get(name, 0.6), lambda *at: dict.fromkeys(closing(*at), 0.8), prune=0.08
    )
    for claim in (51, 55, 58):
        assert made_up.verdicts(evidence, claim) == ["contradicted"]
    assert made_up.verdicts(evidence, 56) == ["contradicted"] * 2
    assert made_up.verdicts(evidence, 52)[0] == made_up.verdicts(evidence, 53)[0] == "contradicted"


def test_what_training_ends_with_is_not_judged_where_it_was_cut_off(tmp_path):
    def ajar(variant, seed, epoch):
        return {name: 0.6 + 0.4 * value for name, value in closing(variant, seed, epoch).items()}

    better = {"init_0": 0.98, "nearest": 0.98, "raw_weight": 0.3, "pad": 0.3}
    for epochs, verdict in ((9, "contradicted"), (4, "inconclusive")):
        folder = tmp_path / str(epochs)
        folder.mkdir()
        _, evidence = measured(folder, lambda name: better.get(name, 0.7), ajar, epochs)
        found = [f for f in evidence.findings if f.kind == "primary" and f.claim in (52, 53, 55, 56)]
        assert {"cut off after 4 epochs" in f.undecided for f in found} == {epochs == 4}
        assert [made_up.verdicts(evidence, claim)[0] for claim in (52, 53, 56)] == [verdict] * 3
        assert made_up.verdicts(evidence, 56, "secondary") == ["reproduced"] * 2  # which way they moved is seen early
        assert made_up.verdicts(evidence, 51) == ["reproduced"]  # who is faster needs no end
        shown = [f for f in evidence.findings if (f.claim, f.kind) == (57, "context")]
        assert ["cut off" in f.note for f in shown] == [epochs == 4, False]


@pytest.mark.parametrize(
    ("rate", "decay", "words"),
    [
        (0.5, "none", "learning rates of 6 steps add up to 3, and a gate of 0.1 is 3.2 away"),
        (1.0, "linear", "learning rates of 6 steps add up to 3, and a gate of 0.1 is 3.2 away"),
        (1.1, "linear", ""),
        (0.55, "none", ""),
    ],
)
def test_gates_can_close_where_the_learning_rates_carry_them_so_far(rate, decay, words):
    settings = {"learning_rate": rate, "decay": decay, "epochs": 1, "batch_size": 32, "init": 1.0}
    run = SimpleNamespace(settings=settings, record={"examples": {"train": 190}})
    assert 1 / (1 + np.exp(3.2 - 1.0)) == pytest.approx(0.1, abs=1e-3)
    assert out_of_reach(run) == words


def test_what_was_pruned_must_have_been_closed(tmp_path):
    _, evidence = measured(tmp_path, lambda name: 0.98 if name == "pruned" else 0.7)  # at smoke: gates below 0.731
    (gain,) = (f for f in evidence.findings if f.claim == 58 and f.kind == "primary")
    assert gain.effect.low > 0
    assert (gain.verdict, gain.undecided) == ("inconclusive", "what was removed was not closed: gates below 0.731")


def test_gates_without_anything_in_common_did_not_close(tmp_path):
    _, evidence = measured(tmp_path, lambda name: 0.9, wandering)
    for kind in ("primary", "secondary"):
        assert "reproduced" not in made_up.verdicts(evidence, 56, kind)
    (alike,) = (f for f in evidence.findings if f.claim == 57 and f.measures.startswith("Correlation of"))
    assert alike.effect.value < 0.5


def test_networks_at_chance_are_not_judged(tmp_path):
    _, evidence = measured(tmp_path, lambda name: 0.1)
    judged = {f.claim for f in evidence.findings if f.kind == "primary" and not f.undecided}
    assert judged == {49}
    assert {made_up.verdicts(evidence, claim)[0] for claim in (51, 52, 53, 55, 56, 58)} == {"inconclusive"}


def test_published_gates_are_those_of_the_figure(as_published):
    published = [f.published for f in as_published[1].findings if f.claim == 56 and f.published]
    assert published == [
        "0.08 over merges 0 to 5 (S2, figure 3, read off)",
        "closed: all below 0.09 but one (S2, figure 3)",
        "-0.34 over merges 0 to 5 (S2, figure 3, read off)",
    ]


def test_the_share_that_pruning_keeps_is_that_of_the_structure(as_published):
    space, evidence = as_published
    (share,) = (f for f in evidence.findings if f.claim == 58 and f.kind == "context")
    settings = space.settings("pruned")
    kept = [gate for row in data(space, settings, 0).structure for gate in row]
    assert 8 <= sum(kept) < 44  # the latest layer's output stays in each of eight merges
    assert share.effect.value == pytest.approx(sum(kept) / 44)
    (gain,) = (f for f in evidence.findings if f.claim == 58 and f.kind == "primary")
    assert f"gates below {settings.prune:g} removed" in gain.note
