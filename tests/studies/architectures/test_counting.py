"""What is counted, and what the findings make of counts that are not the published ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reprise.evaluation import declarations
from reprise.models.zoo import CATALOGUE
from reprise.studies.architectures import counting, others, sizes

DECLARED = declarations("architectures")


@pytest.fixture(scope="module")
def counted():
    return counting.count_all()


def test_dense_layers_hold_most_of_vgg_and_none_of_networks_that_pool(counted):
    by_hand = (512 * 7 * 7 + 1) * 4096 + (4096 + 1) * 4096 + (4096 + 1) * 1000
    assert counted["VGG-16"].dense == by_hand
    assert counted["VGG-16"].parameters == 14_714_688 + by_hand
    assert counted["NiN"].dense == counted["SqueezeNet 1.0"].dense == 0
    assert counted["ResNet-152"].dense == 2048 * 1000 + 1000


def test_a_layer_too_many_contradicts_its_own_claim_alone(counted):
    shallow = counted | {"VGG-19": replace(counted["VGG-19"], depth=20)}
    verdicts = {f.measures: f.verdict for f in sizes.findings(DECLARED, shallow) if f.kind != "context"}
    assert [text for text, verdict in verdicts.items() if verdict == "contradicted"] == [
        "VGG-19: weighted layers on the longest path"
    ]
    assert len(verdicts) == 14


def test_a_parameter_too_many_is_told_in_the_finding_the_table_and_the_metric(counted):
    name = "SqueezeNet 1.0"
    heavier = counted | {name: replace(counted[name], parameters=counted[name].parameters + 1)}
    finding = next(f for f in others.findings(heavier) if f.measures == f"{name}: parameters")
    assert finding.verdict == "contradicted"
    row = next(row for row in counting.table(heavier).rows if row[0] == name)
    assert row[4] == f"no: {CATALOGUE[name].parameters:,}"
    assert counting.matching(heavier) == counting.matching(counted) - 1 == len(CATALOGUE) - 1


def test_the_sources_layers_are_those_of_the_names(counted):
    assert {name for names in sizes.GIVEN.values() for name in names} == set(sizes.LAYERS)
    assert {name: CATALOGUE[name].layers for name in sizes.LAYERS} == sizes.LAYERS
    stated = {f.claim: f.published for f in sizes.findings(DECLARED, counted) if f.measures.endswith("longest path")}
    assert stated == {
        115: "S3: 8 layers",
        116: "S3: 16-19 layers",
        117: "S3: 22 layers",
        118: "S3: 152 layers",
    }


def test_squeezenet_is_the_smallest_with_a_published_accuracy(counted):
    smallest, per_million = others.findings(counted)[-2:]
    assert "(SqueezeNet 1.1)" in smallest.measures
    assert smallest.effect.value < 0.03
    assert per_million.effect.value > 1
    assert {finding.kind for finding in (smallest, per_million)} == {"context"}
