"""Claims 104 and 105: cards count what is there, and the published errors fall as they are drawn."""

from __future__ import annotations

import numpy as np
import pytest
from tests.conftest import copy_params
from tests.studies.made_up import evaluate, verdicts

from reprise import config
from reprise.data import cifar, digits
from reprise.data.cifar_files import Images
from reprise.evaluation import declarations
from reprise.studies.datasets import again, cards, years
from reprise.studies.datasets.published import PUBLISHED
from reprise.workspace import Workspace


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    folder = tmp_path_factory.mktemp("datasets")
    copy_params(folder)
    config.set_value(folder, "scale=smoke", "datasets.compared=60", "datasets.altered=40")
    space = Workspace("datasets", folder)
    cifar.make(space.params.dataset("cifar"), "generated", space.raw("cifar10"), space.prepared("cifar"))
    digits.make(space.params.dataset("digits"), "generated", space.raw("mnist"), space.prepared("digits"))
    return evaluate(space)


def test_both_claims_are_built_and_have_no_verdict(evidence):
    assert all(declared.built for declared in declarations("datasets").values())
    assert verdicts(evidence, 104) == verdicts(evidence, 105) == []
    assert set(verdicts(evidence, 104, "oracle")) == {"reproduced"}
    assert verdicts(evidence, 105, "oracle") == ["reproduced"] * 2


def test_published_errors_fall_every_year_and_most_in_2012(evidence):
    assert verdicts(evidence, 105, "secondary") == ["reproduced"] * 4
    assert years.falls({2010: 5.0, 2011: 5.5, 2012: 1.0}) == {2011: -0.5, 2012: 4.5}
    assert list(years.best()) == list(range(2010, 2018))


def test_a_year_without_a_fall_is_seen(monkeypatch):
    errors = years.best() | {2016: 3.9}
    monkeypatch.setattr(years, "best", lambda: errors)
    found = {f.measures: f.verdict for f in years.findings()}
    assert found["Years in which the best top-5 error did not fall"] == "contradicted"


def test_an_error_that_others_write_otherwise_is_seen(monkeypatch):
    errors = years.best() | {2015: 3.657}
    monkeypatch.setattr(years, "best", lambda: errors)
    assert again.differing(PUBLISHED.rows(again.ELSEWHERE)) == ["2015, best"]
    assert [f.verdict for f in again.oracles()] == ["contradicted", "reproduced"]


def test_a_mean_over_the_wrong_number_of_years_is_seen(monkeypatch):
    right = years.trend
    monkeypatch.setattr(years, "trend", lambda errors: right(errors)._replace(ratios=right(errors).ratios[1:]))
    assert [f.verdict for f in again.oracles()] == ["reproduced", "contradicted"]


def test_a_card_counts_what_is_there():
    images = Images(
        np.zeros((7, 4, 6, 3), np.uint8), np.array([0, 0, 0, 2, 2, 5, 5]), np.zeros((2, 4, 6, 3), np.uint8), np.zeros(2)
    )
    card = cards.Card("cifar10", images)
    assert card.counts == {"training images": 7, "test images": 2, "classes": 3}
    assert card.balance == (2, 3)
    assert card.size == "4 × 6 × 3"


def test_official_counts_are_asked_of_official_files_alone(tmp_path):
    images = Images(np.zeros((3, 2, 2, 1), np.uint8), np.arange(3), np.zeros((2, 2, 2, 1), np.uint8), np.arange(2))
    assert cards.count_findings([cards.Card("mnist", images)]) == []
    found = cards.count_findings([cards.Card("mnist", images, tmp_path)])
    assert [f.verdict for f in found] == ["contradicted"] * 3  # 3 and 2 images of 3 classes are not MNIST


def test_the_sets_that_are_not_at_hand_say_where_their_numbers_stand(evidence):
    (table,) = [table for table in evidence.tables if table.title == "Data-set cards"]
    assert [row[0] for row in table.rows][:2] == ["generated in place of cifar10", "generated in place of mnist"]
    assert all("20" in row[-1] or "github" in row[-1] or "devkit" in row[-1] for row in table.rows[2:])
