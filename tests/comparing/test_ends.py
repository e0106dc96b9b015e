"""What networks end with is judged where training ended: the rate at zero or through its drops, or stopped early."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from reprise.comparing.findings import compare, cut_off, unlearned
from reprise.evaluation import declarations


class Made(SimpleNamespace):
    """As much of a run as a comparison reads."""

    __hash__ = object.__hash__


def run(name, decay, epochs, accuracy=0.7, **settings):
    rng = np.random.default_rng(len(name))
    correct = (rng.random((8, 400)) < accuracy).astype(float)
    record = {"epochs": [epochs, 3]}
    return Made(name=name, settings={"decay": decay, "epochs": 5} | settings, record=record, correct=correct, seeds=8)


@pytest.mark.parametrize(
    ("decay", "epochs", "ended"), [("none", 5, False), ("none", 4, True), ("linear", 5, True), ("linear", 4, True)]
)
def test_training_ends_where_the_rate_has_fallen_to_zero_or_it_stops_by_itself(decay, epochs, ended):
    one, other = run("one", decay, epochs, 0.9), run("other", "linear", 5)
    said = cut_off(other, one)
    assert said == ("" if ended else "training was cut off after 5 epochs")
    (found,) = compare(declarations("connectivity")[58], [(one, other)])
    assert (said in found.undecided) if said else not found.undecided
    assert found.verdict == ("reproduced" if ended else "inconclusive")


def test_a_recipe_of_drops_has_ended_with_its_epochs_and_one_without_any_has_not():
    assert cut_off(run("one", "none", 5, drops=[0.5, 0.75])) == ""
    assert cut_off(run("one", "none", 5, drops=[])) == "training was cut off after 5 epochs"


@pytest.mark.parametrize(("stops", "verdict"), [(4, "reproduced"), (5, "inconclusive")])
def test_what_is_meant_to_go_on_is_no_cut_but_what_it_is_held_against_may_be(stops, verdict):
    one, other = run("one", "none", stops, 0.9), run("other", "none", 5)
    (found,) = compare(declarations("connectivity")[58], [(one, other)], goes_on=True)
    assert found.verdict == verdict
    (found,) = compare(declarations("connectivity")[58], [(one, other)])
    assert found.verdict == "inconclusive"  # unless it is said


def test_what_a_task_allows_may_be_asked_for():
    made = run("one", "none", 4, 0.7)
    assert unlearned(made) == unlearned(made, least=0.6) == ""
    assert unlearned(made, least=0.88) == "one below 0.88 test accuracy"
