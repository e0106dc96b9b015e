"""Claims 45-48 on made-up encoders: what is better than components, what keeps its class, who trains faster."""

from __future__ import annotations

import numpy as np
import pytest
from tests.studies import made_up

from reprise.data import digits
from reprise.runs import Run, load_runs
from reprise.studies.encoder import faster, perturbed, reconstruction

TESTED = 60
STILL = 0.97  # of unmoved codes keep their class


def write_all(
    space,
    better=0.6,
    kept=0.8,
    code=(0.92, 0.9),
    pixels=(0.97, 0.4),
    told=0.9,
    letters=0.6,
    still=STILL,
    course=(1.0, 0.2, 0.11, 0.1),
):
    """``better`` times what components leave of test images; shares of moved codes that keep their class; test
    accuracies, and the share of the way to the end that an epoch of training goes; training losses of encoders.
    """
    digits.make(space.params.dataset("digits"), "generated", space.raw("mnist"), space.prepared("digits"))
    rng, seeds = np.random.default_rng(0), made_up.SEEDS
    probe = space.config.probe
    for name, settings in space.config.variants.items():
        if settings.classifies:
            accuracy, pace = code if name == "from_code" else pixels
            rising = lambda _, seed, k, a=accuracy, p=pace: {"val_accuracy": a * (1 - (1 - p) ** (k + 1 + seed / 50))}  # noqa: E731
            made_up.write_run(space, name, accuracy, rising)
            made_up.write_probe(space, name, known=np.full((seeds, 1), accuracy))
            continue
        made_up.write_run(space, name, 0.5)
        pca = reconstruction.linear(space, Run.of(space, name))
        error = better * pca.error * rng.uniform(0.95, 1.05, (seeds, 1))
        own = lambda _, seed, k: {"train_loss": course[k]}  # noqa: E731
        made_up.write_run(space, name, 0.5, own, {"test/error": error})
        shares = [still, *(kept for _ in probe.strengths)]
        answers = {"linear": rng.random((seeds, TESTED)) < (told if settings.label_weight else 0.5)}
        if settings.images == "digits" and not settings.label_weight:
            shape = (seeds, len(shares), probe.images)
            answers |= {
                "moved/kept": (rng.random(shape) < np.array(shares)[:, None]).astype(np.uint8),
                "moved/far": np.full(shape, 0.1),
                "moved/noise": np.full(shape, 0.2) + rng.normal(0, 0.01, shape),
                "moved/pictures": np.zeros((seeds, 2, len(shares) + 1, 28, 28), np.uint8),
                "letters/code": np.full((seeds, len(probe.shots), probe.draws), letters)
                + rng.normal(0, 0.01, (seeds, len(probe.shots), probe.draws)),
                "letters/pixels": np.full((seeds, len(probe.shots), probe.draws), 0.4),
            }
        made_up.write_probe(space, name, **answers)


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    return made_up.workspace("encoder", tmp_path_factory.mktemp("encoder"), 9, "encoder.probe.images=60")


@pytest.fixture(scope="module")
def evidence(space):
    write_all(space)
    return made_up.evaluate(space)


def test_every_claim_is_answered_and_what_is_only_proposed_has_no_verdict(evidence):
    assert {finding.claim for finding in evidence.findings} == {45, 46, 47, 48}
    assert made_up.verdicts(evidence, 46) == []
    assert made_up.verdicts(evidence, 46, "oracle") == ["reproduced"]


def test_encoders_that_are_as_said_reproduce_the_claims(evidence):
    assert [made_up.verdicts(evidence, claim) for claim in (45, 47, 48)] == [["reproduced"] * 2, *[["reproduced"]] * 2]
    beside = made_up.verdicts(evidence, 46, "secondary")  # three at once: one of nine made-up networks is wide
    assert (beside.count("reproduced"), beside.count("contradicted")) == (2, 0)
    assert set(made_up.verdicts(evidence, 48, "secondary")) == {"reproduced"}


def test_encoders_unlike_what_is_said_contradict_them(tmp_path):
    space = made_up.workspace("encoder", tmp_path, 9, "encoder.probe.images=60")
    write_all(space, better=1.3, kept=0.1, code=(0.97, 0.1), pixels=(0.92, 0.9), letters=0.2)
    found = made_up.evaluate(space)
    assert [made_up.verdicts(found, claim) for claim in (45, 47, 48)] == [["contradicted"] * 2, *[["contradicted"]] * 2]
    assert set(made_up.verdicts(found, 48, "secondary")) == {"contradicted"}
    (epochs,) = [f for f in found.findings if f.measures.startswith("Epochs to 95%")]
    assert epochs.effect.low > 0


def test_encoders_that_learned_nothing_are_not_judged(tmp_path):
    space = made_up.workspace("encoder", tmp_path, 9, "encoder.probe.images=60")
    write_all(space, better=9, kept=0.1, code=(0.1, 0.9), pixels=(0.1, 0.4), still=0.3)
    found = made_up.evaluate(space)
    assert [made_up.verdicts(found, claim) for claim in (45, 47, 48)] == [["inconclusive"] * 2, *[["inconclusive"]] * 2]
    why = {f.claim: f.undecided for f in found.findings if f.kind == "primary"}
    assert "learned nothing" in why[45]
    assert "unmoved codes" in why[47]
    assert "from_code below 0.2 test accuracy; from_pixels below 0.88" in why[48]


def test_an_encoder_that_was_still_learning_is_not_judged_and_one_that_is_worse_is(tmp_path):
    space = made_up.workspace("encoder", tmp_path, 9, "encoder.probe.images=60")
    write_all(space, better=1.3, course=(1.0, 0.8, 0.6, 0.4))
    first, other = [f for f in made_up.evaluate(space).findings if (f.claim, f.kind) == (45, "primary")]
    assert (first.verdict, other.verdict) == ("inconclusive", "inconclusive")
    assert "in the last quarter of its epochs the training loss of code_8 falls by 50% of its fall" in first.undecided
    write_all(space, better=1.3)
    assert made_up.verdicts(made_up.evaluate(space), 45) == ["contradicted"] * 2


def test_where_no_accuracy_could_have_made_codes_slower_nothing_is_said(tmp_path):
    space = made_up.workspace("encoder", tmp_path, 4, "encoder.probe.images=60")
    write_all(space)
    (first,) = [f for f in made_up.evaluate(space).findings if (f.claim, f.kind) == (48, "primary")]
    assert first.verdict == "inconclusive"
    assert "all 4 epochs on codes cost less than one from pixels on" in first.undecided


def test_who_is_as_good_sooner_trains_faster_wherever_both_end(space, evidence):
    runs = load_runs(space)
    code, pixels = runs["from_code"], runs["from_pixels"]
    assert code.correct.mean() < pixels.correct.mean()
    (times, rises) = faster.epochs_to_common(code, pixels)
    ends = [run.history[0]["val_accuracy"][-1] for run in (code, pixels)]
    assert ends[1] < ends[0]
    # the first epoch ends at 0.828, above what is asked: reached on the way there from chance
    assert times[0, 0] == pytest.approx((faster.COMMON * ends[1] - 0.1) / (0.828 - 0.1), abs=1e-6)
    assert rises[0, 0] == pytest.approx(0.828 - 0.1)
    assert (times[0] < times[1]).all()


def test_a_curve_that_is_flat_or_no_better_than_chance_is_reached_at_once():
    assert faster._reached(np.array([0.1, 0.1]), 0.095) == (0.0, 0.0)
    assert faster._reached(np.array([0.05, 0.1]), 0.095) == (0.0, pytest.approx(-0.05))
    assert faster._reached(np.array([0.5, 0.9, 0.7]), 0.7) == (pytest.approx(1.5), pytest.approx(0.4))


def test_the_strength_that_decides_must_have_been_asked(space, evidence):
    moved = perturbed.load(space)
    moved.strengths[2] = 0.4
    with pytest.raises(ValueError, match=r"probe\.strengths: 0\.5 decides claim 47"):
        perturbed.findings(evidence.declared[47], moved, {})


def test_components_come_from_the_images_that_the_networks_had(space, evidence):
    run = load_runs(space)["code_8"]
    found = reconstruction.linear(space, run)
    assert found.error.shape == (TESTED,)
    assert found.error.mean() < found.variance
