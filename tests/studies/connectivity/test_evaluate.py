"""Claims 49-59 are all answered; gates made up to close or to differ are seen to; pruning follows the gates."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save_file
from tests.claims import cifar as made_up

from reprise import config
from reprise.claims import connectivity as claims
from reprise.studies.connectivity import kept


def closing(variant, seed, epoch):
    """Gates that end alike on all seeds: the image's low, the last two merges lower, the rest open."""
    columns = {}
    for i, j in claims.MERGES:
        end = 0.05 if j == 0 else 0.07 if i in claims.LATE else 0.4 + 0.05 * j
        columns[f"gate_{i}_{j}"] = 0.73 + (end - 0.73) * epoch / 3 + 0.001 * seed
    return columns


def wandering(variant, seed, epoch):
    """Gates without anything in common between seeds."""
    rng = np.random.default_rng([seed, epoch])
    return {f"gate_{i}_{j}": rng.random() for i, j in claims.MERGES}


def measured(folder, accuracy, gates=closing, epochs=9):
    space = made_up.workspace("connectivity", folder, epochs)
    for variant in space.config.variants:
        made_up.write_run(space, variant, accuracy(variant), gates)
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


def test_pruning_keeps_open_gates_and_the_latest_layer(as_published):
    space, _ = as_published
    rows = kept(space, space.config.variants["pruned"].prune.model_copy(update={"threshold": 0.3}), 0)
    assert rows[0] == [False, True]
    assert rows[5] == [False, *[True] * 6]
    assert rows[7] == [*[False] * 8, True]  # all closed: the latest stays


def test_pruning_before_the_gates_are_trained_says_what_to_train(tmp_path):
    space = made_up.workspace("connectivity", tmp_path)
    with pytest.raises(FileNotFoundError, match="train that first"):
        kept(space, space.config.variants["pruned"].prune, 0)


def test_pruned_variants_take_the_base_and_name_where_they_prune_from(tmp_path):
    space = made_up.workspace("connectivity", tmp_path)
    settings = space.config.variants["pruned"]
    assert settings.prune.variant == space.config.prune_from == "concat"
    assert settings.width == space.config.base.width
    assert list(space.config.variants)[-1] == "pruned"


def test_pruning_from_a_variant_that_does_not_exist_is_refused(tmp_path):
    made_up.workspace("connectivity", tmp_path)
    path = tmp_path / "params.yaml"
    with pytest.raises(config.ConfigError, match=r"prune_from.*'conca'"):
        config.set_value(path, "connectivity.prune_from=conca")


def test_the_gates_counted_are_those_of_the_network():
    from reprise.models.connected import ConnectedNet

    gates = ConnectedNet(width=2, hidden=4).gates()
    assert [(i, j) for i, row in enumerate(gates) for j in row] == claims.MERGES


def test_gates_of_too_few_seeds_are_not_judged(as_published, monkeypatch):
    space, evidence = as_published
    (alike,) = (f for f in evidence.findings if f.claim == 57 and "Correlation" in f.measures)
    assert (alike.verdict, alike.effect.seeds) == ("inconclusive", made_up.SEEDS)
    assert f"{claims.SEEDS_ASKED} seeds" in alike.undecided
    monkeypatch.setattr(claims, "SEEDS_ASKED", made_up.SEEDS)
    assert made_up.verdicts(claims.evaluate(space), 57) == ["reproduced"]
