"""Claims 102 and 103: networks that are deceived and networks that are not get the verdicts that they must."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
from tests.studies import made_up

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import decide
from reprise.evaluation import declarations, evaluate_study
from reprise.files import write_npz
from reprise.runs import load_runs
from reprise.studies.adversarial.answers import load_answers
from reprise.studies.adversarial.changes import change_findings
from reprise.studies.adversarial.settings import JUDGED_SIZE, SIZES
from reprise.studies.adversarial.stickers import COULD, named_more, sticker_findings
from reprise.workspace import Workspace


@pytest.fixture
def space(asked, tmp_path):
    """A copy that may be altered."""
    shutil.copytree(asked.root, tmp_path / "copy")
    return Workspace("adversarial", tmp_path / "copy")


def rewrite(path, **arrays):
    with np.load(path) as archive:
        write_npz(path, **(dict(archive) | arrays))


def answer(labels, seeds, right, shape=()):
    """Logits (seeds, *shape, n, 10): the first ``right`` images are named rightly, the others the class after."""
    named = np.where(np.arange(len(labels)) < right, labels, (labels + 1) % 10)
    logits = 4 * np.eye(10, dtype=np.float32)[named]
    return np.broadcast_to(logits, (seeds, *shape, *logits.shape)).copy()


def deceive(space, clean, iterated, noise):
    """The mini-VGG is right about so many images unchanged, after ten steps, and after random signs."""
    folder = space.probe("minivgg")
    with np.load(folder / "answers.npz") as archive:
        labels = archive["label"][0].astype(int)
    sizes, seeds = (len(SIZES["cifar"]),), space.config.seeds
    arrays = {"clean": answer(labels, seeds, clean)}
    arrays |= {kind: answer(labels, seeds, right, sizes) for kind, right in (("iterated", iterated), ("noise", noise))}
    rewrite(folder / "answers.npz", **arrays)
    with np.load(space.run("minivgg") / "predictions.npz") as archive:
        truth = archive["test/label"][0].astype(int)
    rewrite(space.run("minivgg") / "predictions.npz", **{"test/logits": answer(truth, seeds, len(truth))})
    return load_answers(space, load_runs(space))


@pytest.mark.parametrize(
    ("iterated", "noise", "verdict"),
    [(0, 16, "reproduced"), (16, 16, "contradicted"), (0, 0, "contradicted"), (15, 16, "contradicted")],
    ids=["deceived", "untouched", "noise does it too", "hardly deceived"],
)
def test_ten_steps_must_deceive_where_random_signs_do_not(space, iterated, noise, verdict):
    every = deceive(space, 16, iterated, noise)
    assert every["minivgg"].deceived("iterated")[0, SIZES["cifar"].index(JUDGED_SIZE)] == 1 - iterated / 16
    exactly, found, *_ = change_findings(every)
    assert (exactly.kind, exactly.verdict) == ("oracle", "reproduced")
    assert (found.kind, found.verdict) == ("secondary", verdict)


def test_images_that_are_wrong_from_the_start_do_not_count(space):
    every = deceive(space, 10, 5, 10)
    assert (every["minivgg"].deceived("iterated") == 0.5).all()
    assert (every["minivgg"].deceived("noise") == 0).all()


def test_a_network_that_is_never_right_is_not_judged(space):
    every = deceive(space, 0, 0, 0)
    truth = every["minivgg"].run.labels
    wrong = answer(truth, space.config.seeds, 0)
    rewrite(space.run("minivgg") / "predictions.npz", **{"test/logits": wrong})
    every = load_answers(space, load_runs(space))
    _, found, *_ = change_findings(every)
    assert found.verdict == "inconclusive"
    assert "below 0.2" in found.undecided


def test_another_number_of_steps_than_declared_is_not_judged(space):
    every = deceive(space, 16, 0, 16)
    asked = every["minivgg"].asked | {"steps": 3}
    _, found, *_ = change_findings(every | {"minivgg": replace(every["minivgg"], asked=asked)})
    assert (found.verdict, found.undecided) == ("inconclusive", "3 steps in place of 10")


def test_transfer_leaves_out_the_seed_that_it_was_made_against(space):
    path = space.probe("minivgg") / "answers.npz"
    every = deceive(space, 16, 0, 16)
    labels = every["minivgg"].label
    transfer = answer(labels, space.config.seeds, 16, (len(SIZES["cifar"]),))
    transfer[0] = answer(labels, 1, 0, (len(SIZES["cifar"]),))[0]
    rewrite(path, transfer=transfer)
    answers = load_answers(space, load_runs(space))["minivgg"]
    assert answers.deceived("transfer").shape == (1, len(SIZES["cifar"]))
    assert (answers.deceived("transfer") == 0).all()


def stick(space, updates=1000, **shares):
    """The mini-VGG names the stickers' class in such shares of the images."""
    path = space.probe("minivgg") / "answers.npz"
    with np.load(path) as archive:
        shape = archive["sticker/trained"].shape
    targets = space.config.probe.targets
    arrays = {}
    for kind, share in shares.items():
        logits = np.zeros(shape, np.float32)
        logits[..., 9] = 1
        for place, target in enumerate(targets):
            logits[:, :, place, : round(share * shape[3]), target] = 2
        arrays[f"sticker/{kind}"] = logits
    rewrite(path, **arrays)
    every = load_answers(space, load_runs(space))
    return every | {"minivgg": replace(every["minivgg"], asked=every["minivgg"].asked | {"updates": updates})}


@pytest.mark.parametrize(
    ("trained", "random", "verdict"), [(1.0, 0.0, "reproduced"), (1.0, 1.0, "contradicted"), (0.0, 0.0, "contradicted")]
)
def test_a_sticker_must_work_by_what_it_shows(space, trained, random, verdict):
    deceive(space, 16, 0, 16)
    every = stick(space, trained=trained, random=random)
    assert decide(sticker_findings(declarations("adversarial")[103], every)) == verdict


def test_stickers_that_could_deceive_and_seldom_do_contradict_nothing(space):
    deceive(space, 16, 0, 16)
    declared = declarations("adversarial")[103]
    declared = Declaration(**declared.model_dump() | {"band": "> 0.7"})  # few images: wide intervals
    found = sticker_findings(declared, stick(space, trained=0.3, random=0.0))
    assert found[0].effect.low > 0
    assert found[0].effect.high < 0.7
    assert (decide(found), found[0].undecided) == ("inconclusive", COULD)


@pytest.mark.parametrize("trained", [1.0, 0.0])
def test_a_sticker_whose_training_was_cut_off_is_not_judged(space, trained):
    deceive(space, 16, 0, 16)
    found = sticker_findings(declarations("adversarial")[103], stick(space, updates=999, trained=trained, random=0.0))
    assert decide(found) == "inconclusive"
    assert found[0].undecided == "stickers were trained for 999 updates in place of 1,000"


def test_images_of_the_stickers_own_class_do_not_count(space):
    deceive(space, 16, 0, 16)
    answers = stick(space, trained=1.0, random=0.0)["minivgg"]
    target = space.config.probe.targets[0]
    assert np.isnan(answers.named("trained")[:, :, 0, answers.label == target]).all()
    assert named_more(answers, "trained", "random", answers.judged_area).n == (answers.label != target).sum()


def test_the_study_answers_its_claims_with_its_figures_and_again_with_the_same_bytes(space):
    evidence = evaluate_study(space)
    assert {finding.claim for finding in evidence.findings} == {102, 103}
    assert made_up.verdicts(evidence, 102, "secondary") == ["inconclusive"]  # an epoch on two hundred pictures
    first = {path.name: path.read_bytes() for path in space.evidence.rglob("*.*")}
    assert len(first) == 5
    evaluate_study(space)
    assert {path.name: path.read_bytes() for path in space.evidence.rglob("*.*")} == first


def test_published_points_stand_beside_ours(asked):
    every = load_answers(asked, load_runs(asked))
    found = change_findings(every)
    errors = [f.published.split()[0] for f in found if f.measures.endswith("test error")]
    assert errors == ["0.999", "0.894", "0.8715", "0.179"]


def test_areas_without_the_judged_one_are_refused(space):
    from reprise.config import ConfigError, set_value

    with pytest.raises(ConfigError, match=r"adversarial/params\.yaml: probe\.areas: found"):
        set_value(space.root, "adversarial.probe.areas=[0.2, 0.3]")
    with pytest.raises(ConfigError, match=r"adversarial/params\.yaml: probe\.targets"):
        set_value(space.root, "adversarial.probe.targets=[3, 3]")
