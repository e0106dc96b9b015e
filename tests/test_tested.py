"""Test scores of variants: counted again from predictions, or read where the evidence has a row for each variant."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss

from reprise.files import write_npz
from reprise.runs import Run
from reprise.tested import seed_scores, table_scores


def run(folder, **arrays) -> Run:
    write_npz(folder / "predictions.npz", **arrays)
    return Run("base", (folder,))


def test_classifiers_are_scored_as_scikit_learn_scores_them(tmp_path):
    rng = np.random.default_rng(0)
    logits = (5 * rng.normal(size=(3, 50, 4))).astype(np.float32)
    labels = rng.integers(0, 4, (3, 50)).astype(np.uint8)
    found = seed_scores(run(tmp_path, **{"test/logits": logits, "test/label": labels}))
    exponentials = np.exp(logits.astype(float))
    shares = exponentials / exponentials.sum(axis=2, keepdims=True)
    for seed in range(3):
        assert found["accuracy"][seed] == accuracy_score(labels[seed], logits[seed].argmax(axis=1))
        assert found["loss"][seed] == pytest.approx(log_loss(labels[seed], shares[seed], labels=range(4)))
    assert found["ece"].shape == (3,)


def test_logits_beyond_any_exponential_are_no_nan(tmp_path):
    logits = np.array([[[1e4, -1e4], [-1e4, 1e4]]], dtype=np.float32)
    found = seed_scores(run(tmp_path, **{"test/logits": logits, "test/label": np.array([[0, 0]], dtype=np.uint8)}))
    assert {name: values.tolist() for name, values in found.items()} == {"accuracy": [0.5], "loss": [1e4], "ece": [0.5]}


def test_what_was_written_for_each_example_is_averaged(tmp_path):
    found = seed_scores(run(tmp_path, **{"test/nats": np.array([[1.0, 3.0], [2.0, 6.0]], dtype=np.float32)}))
    assert {name: values.tolist() for name, values in found.items()} == {"nats": [2.0, 4.0]}


def test_masks_alone_and_a_missing_file_say_nothing(tmp_path):
    assert seed_scores(Run("base", (tmp_path,))) == {}
    assert seed_scores(run(tmp_path, **{"test/probability": np.zeros((1, 2, 3, 3), dtype=np.float16)})) == {}


def table(*rows, columns=("variant", "dice [95 %]", "IU", "parameters")):
    return {"columns": list(columns), "rows": [list(row) for row in rows]}


def test_a_table_with_a_row_for_each_variant_is_read_as_numbers():
    evidence = {"tables": [
        table(("raw", "0.1", "", ""), ("raw", "0.2", "", "")),  # two rows a variant: no scores of it
        table(("predict nothing", "0.4", "–", "–"), ("raw", "0.55 [0.50, 0.60]", "66.8 ± 0.7", "1,234"),
              ("cleaned", "-0.1", "12.1 → 13", "1,234")),
    ]}  # fmt: skip
    assert table_scores(evidence, ["raw", "cleaned", "untrained"]) == {
        "raw": {"dice": 0.55, "IU": 66.8, "IU sd": 0.7},
        "cleaned": {"dice": -0.1},
    }
    assert table_scores({"tables": []}, ["raw"]) == {}


def test_a_later_table_gives_what_an_earlier_one_has_no_row_for():
    tags = table(("raw", "0.9"), ("untrained", "0.1"), columns=("network", "tags that are right"))
    evidence = {"tables": [table(("raw", "0.55", "", "")), tags]}
    assert table_scores(evidence, ["raw", "untrained"]) == {
        "raw": {"dice": 0.55},
        "untrained": {"tags that are right": 0.1},
    }
