"""Pixels' and the head's calibration against scikit-learn's scores and a temperature found by plain search."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from reprise.files import write_npz
from reprise.runs import Run
from reprise.studies.ultrasound import answers, pixels
from reprise.studies.ultrasound.figures import reliability

SIDE, SEEDS = 8, 2
# of each seed; the second has fewer, so that it is filled up with repeats
PARTS = {"validation": [np.arange(15, 39), np.arange(18, 39)], "test": [np.arange(9), np.arange(9, 15)]}
FRAMES = 39
EVERY = {part: np.unique(np.concatenate(of_seeds)) for part, of_seeds in PARTS.items()}


class Study:
    """Made-up frames and two variants' predictions: ``plain``, and ``headed`` with a head that is too sure."""

    def __init__(self, folder: Path) -> None:
        rng = np.random.default_rng(3)
        z = rng.normal(-1, 2, (FRAMES, SIDE, SIDE))
        targets = np.where(
            rng.random(z.shape) < expit(z), rng.integers(128, 256, z.shape), rng.integers(0, 128, z.shape)
        )
        heads = rng.normal(0, 1.5, FRAMES)
        self.prepared = SimpleNamespace(
            targets=targets.astype(np.uint8), subject=np.arange(FRAMES) // 3, nonempty=rng.random(FRAMES) < expit(heads)
        )
        self.nonempty = self.prepared.nonempty
        self.runs = {name: Run(name, (folder / name,)) for name in ("plain", "headed")}
        loud = np.clip(2 * z + rng.normal(0, 0.3, (SEEDS, *z.shape)), -8, 8)  # half precision stores no 0 and no 1
        self.probability = expit(loud).astype(np.float16)
        self.heads = (3 * heads + rng.normal(0, 0.3, (SEEDS, FRAMES))).astype(np.float32)

    def write(self) -> Study:
        arrays = {f"{part}/index": self.filled(part) for part in PARTS}
        arrays |= {f"{part}/probability": self.filled(part, self.probability) for part in PARTS}
        write_npz(self.runs["plain"].folder / "predictions.npz", **arrays)
        arrays |= {f"{part}/has_mask_logit": self.filled(part, self.heads) for part in PARTS}
        write_npz(self.runs["headed"].folder / "predictions.npz", **arrays)
        return self

    def filled(self, part: str, values: np.ndarray | None = None) -> np.ndarray:
        """(seeds, n, ...) as training writes them: the shorter ones with their first frames again."""
        index = [np.resize(each, len(PARTS[part][0])) for each in PARTS[part]]
        return np.stack(index if values is None else [of[each] for of, each in zip(values, index, strict=True)])

    def measure(self, variant: str = "headed") -> dict[str, pixels.Calibration]:
        return pixels.measure_all(self.runs[variant], self.prepared)

    def logits(self, target: str, part: str) -> list[np.ndarray]:
        """(n,) of each seed, by another way than the module's."""
        if target == "head":
            return [z[frames].astype(float) for z, frames in zip(self.heads, PARTS[part], strict=True)]
        maps = zip(self.probability, PARTS[part], strict=True)
        return [logit(p[frames].astype(float)).ravel() for p, frames in maps]

    def labels(self, target: str, part: str) -> list[np.ndarray]:
        by_pixel = self.prepared.targets / 255 > 0.5
        return [self.nonempty[f] if target == "head" else by_pixel[f].ravel() for f in PARTS[part]]


def error_by_hand(p: np.ndarray, labels: np.ndarray, bins: int = 15) -> float:
    """The expected calibration error of yes-or-no answers bin by bin, as the definition reads."""
    confidence, right = np.maximum(p, 1 - p), (p > 0.5) == labels
    total = 0.0
    for i in range(bins):
        inside = (confidence > i / bins) & (confidence <= (i + 1) / bins)
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total


@pytest.fixture
def study(tmp_path) -> Study:
    return Study(tmp_path).write()


@pytest.mark.parametrize("target", ["pixels", "head"])
def test_scores_are_those_of_scikit_learn(study, target):
    found, labels, logits = (
        study.measure()[target],
        study.labels(target, "test"),
        study.logits(target, "test"),
    )
    assert (found.n, found.fitted_on) == tuple(
        sum(map(len, study.labels(target, part))) for part in ("test", "validation")
    )
    assert found.base_rate == np.concatenate(labels).mean()
    for seed, (z, truth) in enumerate(zip(logits, labels, strict=True)):
        for scores, p in ((found.before, expit(z)), (found.after, expit(z / found.temperature[seed]))):
            assert scores["NLL"][seed] == pytest.approx(log_loss(truth, p), rel=1e-9)
            assert scores["Brier"][seed] == pytest.approx(2 * brier_score_loss(truth, p), rel=1e-9)
            assert scores["ECE"][seed] == pytest.approx(error_by_hand(p, truth), abs=1e-9)


@pytest.mark.parametrize("target", ["pixels", "head"])
def test_the_temperature_is_the_best_of_a_plain_search_on_validation(study, target):
    asked = zip(study.logits(target, "validation"), study.labels(target, "validation"), strict=True)
    for seed, (z, labels) in enumerate(asked):
        best = minimize_scalar(
            lambda t, z=z, labels=labels: log_loss(labels, expit(z / t)), bounds=(0.1, 20), method="bounded"
        )
        assert study.measure()[target].temperature[seed] == pytest.approx(best.x, rel=1e-3)
    assert (study.measure()[target].temperature > 1.3).all()  # the logits were made twice and thrice too large


def test_the_heads_ranking_is_that_of_scikit_learn_with_ties(study):
    study.heads = np.round(study.heads)
    study.write()
    assert len(np.unique(study.heads[0][PARTS["test"][0]])) < len(PARTS["test"][0])
    asked = zip(study.labels("head", "test"), study.logits("head", "test"), strict=True)
    expected = [roc_auc_score(labels, z) for labels, z in asked]
    np.testing.assert_allclose(study.measure()["head"].auroc, expected)
    assert not study.measure()["pixels"].auroc.size


@pytest.mark.parametrize("target", ["pixels", "head"])
def test_test_labels_do_not_move_the_temperature_and_validation_labels_do(study, target):
    temperature = study.measure()[target].temperature
    before = study.measure()[target].before["NLL"]
    for part, same in (("test", True), ("validation", False)):
        frames = EVERY[part][::2]
        study.prepared.targets[frames] = 255 - study.prepared.targets[frames]
        study.nonempty[frames] = ~study.nonempty[frames]
        assert np.array_equal(study.measure()[target].temperature, temperature) == same
    assert (study.measure()[target].before["NLL"] > before).all()


def test_a_variant_without_a_head_has_no_row_for_it(study):
    rows = pixels.table({name: study.measure(name) for name in ("plain", "headed")}).rows
    assert [row[:2] for row in rows] == [("plain", "pixels"), ("headed", "pixels"), ("headed", "head")]


def test_rows_hold_the_means_over_seeds(study):
    found = study.measure()
    table = pixels.table({"headed": found})
    head = dict(zip(table.columns, table.rows[1], strict=True))
    before, after = (scores["ECE"].mean() for scores in (found["head"].before, found["head"].after))
    assert head["ECE"] == f"{before:.3f} → {after:.3f}"
    assert head["T"] == f"{found['head'].temperature.mean():.2f}"
    assert (head["n"], head["base rate"]) == ("15", f"{np.concatenate(study.labels('head', 'test')).mean():.3f}")
    assert "–" not in head.values()
    assert dict(zip(table.columns, table.rows[0], strict=True))["AUROC"] == "–"


@pytest.mark.parametrize(
    ("part", "dashes", "why"),
    [
        ("validation", {"T", "ECE", "NLL", "Brier"}, "the validation labels are all alike"),
        ("test", {"AUROC"}, "no AUROC, the test labels are all alike"),
    ],
)
@pytest.mark.parametrize("nerve", [False, True])
def test_a_head_with_labels_of_one_class_gets_dashes_and_a_reason(study, part, dashes, why, nerve):
    study.nonempty[EVERY[part]] = nerve
    table = pixels.table({"headed": study.measure()})
    row = dict(zip(table.columns, table.rows[1], strict=True))
    assert {name for name, cell in row.items() if cell.endswith("–")} == dashes
    assert f"headed (head): {why}." in table.caption


def test_a_head_that_is_always_right_on_validation_has_no_temperature(study, recwarn):
    study.heads[1] = np.where(study.nonempty, 2, -2)
    found = study.write().measure()
    assert "1 of 2 seeds" in found["head"].missing
    assert not found["head"].temperature.size
    assert "headed (head): no temperature" in pixels.table({"headed": found}).caption
    assert not recwarn.list


def test_what_half_precision_stores_as_0_or_1_counts_as_the_end_of_what_it_rounds():
    for end, inwards, stored in ((answers.LEAST, 1, 0), (answers.MOST, 0, 1)):
        assert np.float16(end) == stored
        assert np.float16(np.nextafter(end, inwards)) != stored


def test_a_stored_0_that_is_wrong_costs_25_bits(study):
    study.probability[:] = 0
    study.prepared.targets[:] = 255
    assert study.write().measure()["pixels"].before["NLL"] == pytest.approx(25 * np.log(2))


def test_no_more_pixels_than_allowed_are_drawn_from_every_frame_and_column(study, monkeypatch):
    monkeypatch.setattr(answers, "PIXELS", 70)  # of 9 x 64: a stride of 8 would stay in one column
    study.probability[:] = np.arange(1, SIDE + 1) / 16  # says which column it is
    for seed, asked in enumerate(answers.answers(study.write().runs["plain"], study.prepared)["pixels"]):
        for part, drawn in zip(("validation", "test"), asked, strict=True):
            assert drawn.logits.shape == drawn.labels.shape == (70,)
            assert set(drawn.subject) == set(study.prepared.subject[PARTS[part][seed]])
            assert set(np.rint(16 * expit(drawn.logits))) == set(range(1, SIDE + 1))


def test_the_figure_shows_what_has_a_temperature_twice(study, tmp_path, monkeypatch):
    monkeypatch.setitem(answers.SHOWN, "pixels", "plain")
    monkeypatch.setitem(answers.SHOWN, "head", "headed")
    for panels in (4, 3):
        measured = {name: study.measure(name) for name in ("plain", "headed")}
        drawn = answers.shown(study.runs, study.prepared)
        before, after = pixels.reliability_curves(drawn, measured)
        figure = reliability(tmp_path, "generated", drawn, before, after)
        assert (tmp_path / "reliability.svg").is_file()
        assert f"{panels} panels" in figure.alt
        assert ("Panels are missing" in figure.caption) == (panels == 3)
        study.nonempty[EVERY["validation"]] = True
