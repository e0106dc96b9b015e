"""What networks end with is judged where training ended: stopped early, or the rate gone and the loss at rest."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from reprise.comparing.findings import compare, cut_off, unlearned
from reprise.evaluation import declarations


class Made(SimpleNamespace):
    """As much of a run as a comparison reads."""

    __hash__ = object.__hash__


def run(name, decay, epochs, accuracy=0.7, last=1.0, **settings):
    rng = np.random.default_rng(len(name))
    correct = (rng.random((8, 400)) < accuracy).astype(float)
    history = [{"train_loss": np.array([2.0, 1.5, 1.2, 1.0, last])}] * 8
    settings = {"decay": decay, "epochs": 5} | settings
    return Made(name=name, settings=settings, record={"epochs": [epochs, 3]}, correct=correct, seeds=8, history=history)


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


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(("last", "at_rest"), [(1.0, True), (0.91, True), (0.89, False), (0.5, False)])
def test_a_rate_that_ran_out_before_the_learning_is_no_end(place, last, at_rest):
    pair = [run("one", "linear", 5, 0.9), run("other", "linear", 5)]
    pair[place] = run(pair[place].name, "linear", 5, 0.9 if place == 0 else 0.7, last)
    (found,) = compare(declarations("connectivity")[58], [tuple(pair)])
    assert found.verdict == ("reproduced" if at_rest else "inconclusive")
    assert ("the training loss" in found.undecided) is not at_rest


def test_a_network_that_stopped_by_itself_need_not_be_at_rest():
    pair = run("one", "linear", 4, 0.9, 0.5), run("other", "linear", 4, last=0.5)
    (found,) = compare(declarations("connectivity")[58], [pair])
    assert found.verdict == "reproduced"


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
