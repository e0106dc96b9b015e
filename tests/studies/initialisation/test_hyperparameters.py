"""Claim 163: what counts as a default, on the installed libraries and on made-up ones."""

from __future__ import annotations

import pytest

from reprise.studies.initialisation import hyperparameters, lesson


@pytest.fixture(scope="module")
def defaults():
    return hyperparameters.library_defaults()


def test_every_listed_name_is_looked_up_and_every_number_is_of_a_listed_name(defaults):
    assert tuple(defaults) == hyperparameters.LISTED
    assert set(hyperparameters.GIVEN) < set(hyperparameters.LISTED)


def test_another_beta_in_one_library_is_counted_for_that_library_alone(defaults):
    other = defaults | {"Adam β2": (0.99, defaults["Adam β2"][1])}
    adams = [f for f in hyperparameters.findings(other) if f.measures.startswith("Adam's settings")]
    assert [(f.effect.value, f.kind) for f in adams] == [(2.0, "context"), (3.0, "context")]


def test_a_library_without_a_setting_is_told(defaults):
    without = defaults | {"momentum": ("", "")}
    found = next(f for f in hyperparameters.findings(without) if f.measures.startswith("Hyper-parameters of S3's"))
    assert found.effect.value == len(hyperparameters.LISTED) - 1


def test_an_adam_that_is_not_torchs_fails_its_oracle(monkeypatch, defaults):
    path = lesson.adam_path
    monkeypatch.setattr(lesson, "adam_path", lambda *args: path(*args, beta2=0.99))
    (oracle,) = [f for f in hyperparameters.findings(defaults) if f.kind == "oracle"]
    assert oracle.verdict == "contradicted"


def test_the_table_leaves_empty_what_has_no_number(defaults):
    rows = {row[0]: row[1:] for row in hyperparameters.table(defaults).rows}
    assert rows["Adam ε"] == ("1e-08", "1e-08", "1e-08")
    assert rows["layers"][:2] == ("", "")
