"""The detectors study, driven at scale `smoke`, and turned both ways by made-up detections."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reprise.claims.evidence import decide
from reprise.data.annotated import load
from reprise.data.objects import generate
from reprise.evaluation import declarations, evaluate_study
from reprise.layers.regions import paste, torch
from reprise.recorded import Times
from reprise.runs import Run
from reprise.studies.detectors import imbalance, overhead, rungs
from reprise.studies.detectors.masks import pasted
from reprise.studies.detectors.proposals import Searched, read_searched, windows
from reprise.studies.detectors.scores import Ladder
from reprise.studies.detectors.settings import Proposals

STUDY = "detectors"


def test_every_claim_is_answered_and_headings_have_no_verdict(evidence):
    assert {finding.claim for finding in evidence.findings} == set(range(122, 131))
    assert {finding.claim for finding in evidence.findings if finding.kind == "primary"} == {128, 130}
    oracles = [finding for finding in evidence.findings if finding.kind == "oracle"]
    assert {finding.claim for finding in oracles} == {122, 123, 124, 125, 126, 127, 128, 129, 130}
    assert [finding.claim for finding in oracles if finding.verdict != "reproduced"] == []
    verdicts = {claim: decide(f for f in evidence.findings if f.claim == claim) for claim in range(122, 131)}
    assert verdicts.pop(130) == "reproduced"
    assert verdicts.pop(128) == "inconclusive"  # networks that have hardly been trained may not be judged
    assert set(verdicts.values()) == {"untested"}


def test_figures_and_tables_are_there(evidence, trained):
    drawn = sorted(path.name for path in (trained.evidence / "figures").iterdir())
    assert drawn == ["detections.png", "ladder.svg", "proposals.svg"]
    assert [table.title for table in evidence.tables] == [
        "The ladder", "What a picture shows", "Published: VOC 2007", "Multiply-adds of Mask R-CNN as published",
    ]  # fmt: skip
    assert len(evidence.tables[0].rows) == 10


def test_a_second_evaluation_writes_the_same_bytes(evidence, trained):
    before = {path: path.read_bytes() for path in trained.evidence.rglob("*.*")}
    evaluate_study(trained)
    assert {path: path.read_bytes() for path in trained.evidence.rglob("*.*")} == before


def test_operations_fall_down_the_ladder(evidence):
    found = {finding.measures: finding for finding in evidence.findings}
    for words in ("`window` divided by `rcnn`", "`rcnn` divided by `fast`"):
        assert found[f"Multiply-adds a picture, {words}"].verdict == "reproduced"
    cheapest = next(finding for words, finding in found.items() if "cheapest other detector" in words)
    assert cheapest.verdict == "reproduced"


class MadeUp(Run):
    """Detections of several seeds, near what is there or beside it."""

    def __init__(self, pictures, quality, seeds=8, kind="grid", salt=0):
        super().__init__("made up", ())
        self.__dict__["record"] = {
            "settings": {"kind": kind, "stride": 16, "gamma": 2.0, "alpha": 0.25},
            "epochs": [1] * seeds,
        }
        places = np.flatnonzero(pictures.test)
        boxes = pictures.boxes[places]
        found = {"test/boxes": [], "test/scores": [], "test/classes": [], "test/there": []}
        for seed in range(seeds):
            rng = np.random.default_rng([seed, int(1000 * quality), salt])
            right = rng.random(boxes.shape[:2]) < quality
            sides = np.tile(boxes[..., 2:] - boxes[..., :2], 2)
            noise = rng.normal(0, 0.03, boxes.shape) * sides
            found["test/boxes"].append(np.where(right[..., None], boxes + noise, boxes * 0.3).astype(np.float32))
            there = np.arange(boxes.shape[1]) < pictures.count[places][:, None]
            found["test/scores"].append(np.where(there, rng.uniform(0.3, 1, there.shape), 0).astype(np.float32))
            found["test/classes"].append(pictures.classes[places])
            found["test/there"].append(rng.normal(-4, 1, (len(places), 36)).astype(np.float32))
        self.__dict__["made"] = {name: np.array(each) for name, each in found.items()}
        self.__dict__["made"]["test/index"] = np.tile(places, (seeds, 1))

    def arrays(self, *names):
        return [self.__dict__["made"][name] for name in names]


@pytest.fixture(scope="module")
def pictures():
    return generate(4, 40, 96, 3)


def made_up(pictures, **quality):
    runs = {name: MadeUp(pictures, value, salt=k) for k, (name, value) in enumerate(quality.items())}
    return Ladder(pictures, runs)


SEARCHED = Searched(np.zeros((44, 10, 4), np.float32), np.zeros(44, int), {"128": 0.0, "130": 0.0})


@pytest.mark.parametrize(
    ("focal", "plain", "verdict"),
    [(0.9, 0.5, "reproduced"), (0.5, 0.9, "contradicted"), (0.7, 0.7, "inconclusive"), (0.05, 0.02, "inconclusive")],
)
def test_made_up_detections_turn_claim_128_both_ways(pictures, focal, plain, verdict):
    qualities = {"grid_focal": focal, "grid": plain, "fine_grid": 0.5, "fine_grid_focal": 0.5}
    ladder = made_up(pictures, **qualities)
    found = imbalance.findings(declarations(STUDY)[128], ladder, SEARCHED)
    assert found[0].kind == "primary"
    assert found[0].verdict == verdict
    assert bool(found[0].undecided) == (max(focal, plain) < 0.1)


def test_an_oracle_that_fails_bars_the_verdict(pictures):
    ladder = made_up(pictures, grid_focal=0.9, grid=0.5, fine_grid=0.5, fine_grid_focal=0.5)
    wrong = replace(SEARCHED, parity={"128": 1e-3})
    assert decide(imbalance.findings(declarations(STUDY)[128], ladder, wrong)) == "inconclusive"


def test_the_overhead_is_judged_against_its_band(monkeypatch, evidence):
    declared = declarations(STUDY)[130]
    assert next(f for f in evidence.findings if f.claim == 130 and f.kind == "primary").effect.value == pytest.approx(
        0.18, abs=0.001
    )
    monkeypatch.setattr(overhead.counting, "mask_share", lambda *_: 0.4)
    assert declared.expect.judge(overhead.exact(overhead.counting.mask_share())) == "contradicted"


def test_the_error_of_the_pictures_is_near_that_of_drawing_others(pictures):
    """The spread over balanced halves against that over sets of pictures that are drawn anew."""
    errors, values = [], []
    for seed in range(12):
        others = generate(4, 40, 96, 100 + seed)
        ladder = Ladder(others, {"grid": MadeUp(others, 0.7, 2), "ssd": MadeUp(others, 0.5, 2)})
        effect = ladder.difference("grid", "ssd")
        errors.append(effect.examples_error)
        values.append(effect.value)
    assert 0.5 < np.mean(errors) / np.std(values, ddof=1) < 2


def test_easy_cells_weigh_less_in_the_focal_loss(pictures):
    ladder = made_up(pictures, grid=0.5)
    plain, focal = (imbalance.easy_share(ladder, "grid", loss) for loss in ("cross-entropy", "focal loss"))
    assert (focal < plain / 20).all()


def test_filled_cells_are_those_of_the_task(pictures):
    from types import SimpleNamespace

    from reprise.tasks.detect import Objects
    from reprise.tasks.single_pass import Grid

    ladder = made_up(pictures, grid=0.5)
    places = ladder.places
    there = torch.arange(pictures.boxes.shape[1]) < torch.from_numpy(pictures.count[places].astype(int))[:, None]
    objects = Objects(torch.from_numpy(pictures.boxes[places]), torch.zeros(there.shape).long(), there)
    for stride in (4, 16):
        task = Grid(torch.nn.Identity(), SimpleNamespace(stride=stride))
        expected = task.cells_of(objects, pictures.size)[1].numpy()
        np.testing.assert_array_equal(imbalance.filled_cells(ladder, stride), expected)


def test_recall_counts_objects_that_a_proposal_overlaps_by_half(pictures):
    ladder = made_up(pictures, grid=0.5)
    perfect = pictures.boxes[ladder.places]
    assert (rungs.recalled(ladder, perfect) > 0.999).all()
    assert (rungs.recalled(ladder, perfect[:, :1] + 500) == 0).all()


def test_masks_are_pasted_as_the_layer_does():
    rng = np.random.default_rng(0)
    masks = rng.random((9, 8, 8)).astype(np.float32)
    corner = rng.uniform(-5, 30, (9, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(2, 30, (9, 2))], axis=1).astype(np.float32)
    expected = paste(torch.from_numpy(masks), torch.from_numpy(boxes), (40, 50)).numpy()
    found = pasted(masks, boxes, (40, 50))
    assert (found != (expected >= 0.5))[abs(expected - 0.5) > 1e-4].sum() == 0


def test_windows_cover_the_picture_at_every_size():
    settings = Proposals(most=10, smallest=0.125, sizes=6, step=0.5)
    found = windows((96, 96), settings)
    sides = found[:, 2] - found[:, 0]
    assert len(np.unique(sides.round(3))) == 6
    assert found.min() == 0
    assert found.max() <= 96
    sides = sides.round(3)
    for side in np.unique(sides):
        covered = np.zeros((96, 96), bool)
        for x1, y1, x2, y2 in found[sides == side].astype(int):
            covered[y1 : y2 + 1, x1 : x2 + 1] = True
        assert covered.all()


def test_recorded_times_are_secondary_and_say_how_they_were_recorded(trained):
    ladder = Ladder(
        load(trained.prepared("objects")), {name: Run.of(trained, name) for name in trained.config.variants}
    )
    given = [f"{name} from given proposals" for name in ("rcnn", "fast")]
    names = [*ladder.detectors, *given, "selective search", "region proposal network"]
    times = Times({name: np.array([1.0, 1.1, 1.2]) for name in names}, "smoke", "generated", "a machine")
    from reprise.runs import Probed

    operations = rungs.Operations({name: Probed.of(trained, name) for name in trained.config.variants})
    found = [f for f in rungs.rungs(ladder, operations, read_searched(trained), times) if f.measures.startswith("Time")]
    assert len(found) == 7
    assert all(f.kind == "secondary" and "a machine" in f.note for f in found)
    assert all(f.verdict == "contradicted" for f in found)  # as fast as each other is not faster
