"""Claims 60-71 are all answered; made-up networks score what they must."""

from __future__ import annotations

import numpy as np
import pytest
from tests.studies import made_up

from reprise import config
from reprise.data import cifar
from reprise.evaluation import declarations
from reprise.files import write_npz
from reprise.runs import load_runs
from reprise.studies.rotation.accuracy import open_questions, rotated
from reprise.studies.rotation.season import season_findings
from reprise.studies.rotation.settings import TRANSPLANTS
from reprise.studies.rotation.turned import load_probe
from reprise.workspace import Workspace


def write_all(space, accuracy, turned, transplanted):
    """``accuracy(variant)`` on test images, ``turned(variant, angles)`` and ``transplanted(variant)`` on the probe."""
    images, probe = cifar.load(space.prepared("cifar")), space.config.probe
    index = np.repeat(np.arange(probe.images), probe.angles)
    labels = images.test_labels[index].astype(int)
    angles = np.tile(np.arange(probe.angles) * 360 / probe.angles, probe.images)
    rng = np.random.default_rng(0)
    for variant in space.config.variants:
        named = np.where(rng.random((made_up.SEEDS, len(labels))) < turned(variant, angles), labels, (labels + 1) % 10)
        arrays = {
            "turned/index": np.tile(index, (made_up.SEEDS, 1)),
            "turned/label": np.tile(labels, (made_up.SEEDS, 1)),
            "turned/logits": np.eye(10, dtype=np.float32)[named] * 4,
        }
        if variant == "baseline":
            for k, n in TRANSPLANTS:
                right = rng.random(named.shape) < transplanted(f"{k}_rot_{n}")
                arrays[f"transplant/{k}_rot_{n}"] = np.where(right, labels, (labels + 3) % 10).astype(np.uint8)
        made_up.write_run(space, variant, accuracy(variant))
        made_up.write_probe(space, variant, **arrays)


def season(variant, angles):
    """Most at quarter turns, least near 100 degrees; rotated networks are better everywhere."""
    base = 0.45 + 0.25 * np.cos(np.radians(4 * angles)) - 0.2 * (np.abs(angles - 100) < 15)
    return base + (0.3 if variant.endswith("_4") else -0.1 if variant.endswith("_2") else 0.0)


def first_image_better(variant, angles):
    """As `season`, but every rotated network is right about the source's image, which comes first."""
    chance = season(variant, angles)
    chance[: len(set(angles))] = 0.3 if variant == "baseline" else 1.0
    return chance


PROBE = ("rotation.probe.angles=36", "rotation.probe.images=60")


@pytest.fixture(scope="module")
def as_published(tmp_path_factory):
    """Networks that are as the source says they are."""
    space = made_up.workspace("rotation", tmp_path_factory.mktemp("rotation"), 9, *PROBE)
    write_all(
        space,
        lambda name: 0.45 if name in ("4_rot_4", "8_rot_4") else 0.9,
        first_image_better,
        lambda name: 0.0 if name.endswith("4") else 0.4,
    )
    return made_up.evaluate(space)


def test_every_claim_is_answered(as_published):
    assert {finding.claim for finding in as_published.findings} == set(range(60, 72))


@pytest.mark.parametrize("claim", [60, 61, 62, 63])
def test_arithmetic_is_reproduced(as_published, claim):
    kinds = ("primary", "secondary", "oracle")
    assert {each for kind in kinds for each in made_up.verdicts(as_published, claim, kind)} == {"reproduced"}


def test_networks_that_are_as_published_reproduce_what_was_published(as_published):
    worst = [f for f in as_published.findings if f.claim == 64 and "_4` minus" in f.measures and f.kind == "secondary"]
    assert len(worst) == 4
    assert {finding.verdict for finding in worst} == {"reproduced"}
    for claim, primaries, secondaries in ((66, 8, 0), (67, 14, 2), (68, 2, 4), (69, 9, 3)):
        assert made_up.verdicts(as_published, claim) == ["reproduced"] * primaries
        assert made_up.verdicts(as_published, claim, "secondary") == ["reproduced"] * secondaries


def test_networks_unlike_the_published_ones_contradict(tmp_path):
    space = made_up.workspace("rotation", tmp_path, 9, *PROBE)
    worse = {"4_rot_1_concat": 0.4, "4_rot_1_squeeze": 0.4, "8_rot_1": 0.3}
    write_all(
        space,
        lambda name: worse.get(name, 0.9),
        lambda name, angles: np.full(len(angles), 0.9 if name == "baseline" else 0.1),
        lambda name: 0.95 if name.endswith("4") else 0.5,
    )
    evidence = made_up.evaluate(space)
    assert made_up.verdicts(evidence, 66) == ["contradicted"] * 8
    assert "contradicted" in made_up.verdicts(evidence, 67)
    assert made_up.verdicts(evidence, 68) == ["contradicted"] * 2
    assert made_up.verdicts(evidence, 65)[0] == "contradicted"
    assert made_up.verdicts(evidence, 64)[1] == "contradicted"  # 8_rot_1 is no longer on par


@pytest.mark.parametrize(
    "curve",
    [
        lambda angle: 0.5 + 0.4 * np.cos(np.radians(angle)),
        lambda angle: 0.9 - 0.7 * np.minimum(angle, 360 - angle) / 180,
        lambda angle: 0.3 + 0.6 * np.exp(-np.minimum(angle, 360 - angle) / 30),
        lambda angle: 0.3 + 0.6 * (np.minimum(angle, 360 - angle) < 30),
    ],
    ids=["cosine", "triangle", "exponential", "bump"],
)
def test_curves_without_season_or_dip_show_neither(tmp_path, curve):
    space = made_up.workspace("rotation", tmp_path, 9, *PROBE)
    write_all(space, lambda name: 0.9, lambda name, angles: curve(angles), lambda name: 0.3)
    runs = load_runs(space)
    probe = load_probe(space, runs)
    declared = declarations("rotation")[69]
    findings = season_findings(declared, runs, probe, ["baseline", *rotated(runs)], np.arange(len(probe.angles)))
    judged = [f for f in findings if f.kind != "context"]
    season_or_dip = [f.verdict for f in judged if f.measures.startswith("Share right")]
    assert len(season_or_dip) == 11  # each of nine models at quarter turns, the half turn, the dip
    assert "reproduced" not in season_or_dip


def test_a_tenth_rotation_variant_needs_a_line_in_params_alone(tmp_path):
    space = made_up.workspace("rotation", tmp_path)
    path = tmp_path / "pipelines" / "rotation" / "params.yaml"
    line = "  8_rot_4: {rotations: 8, rotated_last: 4}\n"
    text = path.read_text()
    assert line in text
    path.write_text(text.replace(line, line + "  2_rot_4: {rotations: 2, rotated_last: 4}\n"))
    space = Workspace("rotation", tmp_path)
    write_all(space, lambda name: 0.9, season, lambda name: 0.3)
    evidence = made_up.evaluate(space)
    assert {f.claim for f in evidence.findings if "`2_rot_4`" in f.measures} == {64, 66, 67, 69, 70}
    assert {f.name for f in evidence.figures if "2_rot_4" in f.alt} >= {"curves", "invariance", "accuracies"}


def test_published_gaps_are_those_of_the_figures(as_published):
    published = {(f.claim, f.measures.split("`")[1]): f.published for f in as_published.findings if f.published}
    assert published[64, "4_rot_1"].startswith("-0.0123 (S2, figure 8")
    assert published[65, "8_rot_4"] == "-0.0265 (S2, figure 8)"
    assert published[66, "8_rot_2"] == "+44.17 % (S2, figure 9, one seed)"
    assert published[67, "8_rot_4"] == "medians 36 % and 31 % (S2, figure 10, read off)"
    medians = [f.published for f in as_published.findings if f.measures.startswith("Median over images")]
    assert medians == ["about 0 against 30 % (S2, figure 12, read off)"] * 2


def test_the_shares_are_those_of_the_predictions(as_published):
    table = next(table for table in as_published.tables if table.title == "Turned images")
    row = next(row for row in table.rows if row[0] == "4_rot_4")
    assert float(row[4]) == 0.0  # with the baseline's weights


def test_networks_at_chance_are_not_judged(tmp_path):
    space = made_up.workspace("rotation", tmp_path)
    write_all(space, lambda name: 0.1, lambda name, angles: np.full(len(angles), 0.1), lambda name: 0.1)
    evidence = made_up.evaluate(space)
    judged = {f.claim for f in evidence.findings if f.kind == "primary" and not f.undecided}
    assert judged == {60, 61}
    assert {made_up.verdicts(evidence, claim)[0] for claim in range(64, 70)} == {"inconclusive"}


def test_variants_tested_on_other_images_are_refused(tmp_path):
    space = made_up.workspace("rotation", tmp_path)
    write_all(space, lambda name: 0.5, season, lambda name: 0.3)
    path = space.run("4_rot_1") / "predictions.npz"
    with np.load(path) as archive:
        arrays = dict(archive)
    write_npz(path, **arrays | {"test/index": arrays["test/index"][:, ::-1]})
    with pytest.raises(ValueError, match=r"4_rot_1.*train it again"):
        made_up.evaluate(space)


def test_that_training_was_cut_off_is_said_beside_how_far_it_came(tmp_path):
    space = made_up.workspace("rotation", tmp_path)
    for epochs in (4, 9):
        config.set_value(tmp_path, f"rotation.base.epochs={epochs}")
        config.set_value(tmp_path, "rotation.base.decay=none")
        space = Workspace("rotation", tmp_path)
        write_all(space, lambda name: 0.9, season, lambda name: 0.3)  # of four epochs each
        runs = load_runs(space)
        shown = [f for f in open_questions(runs, rotated(runs)) if f.claim == 70 and "accuracy" in f.measures]
        assert len(shown) == 8
        assert {"cut off" in f.note for f in shown} == {epochs == 4}
