"""More seeds at the planned looks: of which variants, until when, and which are taken from an earlier run."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from reprise.claims.declarations import Declaration, Declarations
from reprise.claims.evidence import primary
from reprise.files import write_json
from reprise.stages import further as stage
from reprise.statistics import Effect
from reprise.workspace import Workspace


def declared(claim, **planned):
    words = {"says": "it is so", "place": "S1", "measures": "M", "band": "> 0", "because": "so", "smallest": 1.0}
    basis = {"basis": planned.pop("basis", "anything"), "because_anything": "made up", "undecidable": "nothing"}
    return Declaration(claim=claim, planned={"seeds": 8, "looks": [2, 4, 8]} | planned, **words, **basis)


class Study:
    """A study whose networks are numbers in files, and whose verdicts are the test's."""

    def __init__(self, monkeypatch, root, claims, found, starts=()):
        self.trained, self.asked, self.key = [], [], "key"
        self.claims, self.found = Declarations({each.claim: each for each in claims}), found
        variants = {name: SimpleNamespace(start=dict(starts).get(name)) for name in ("a", "b", "c")}
        config = SimpleNamespace(seeds=2, variants=variants)
        self.space = Workspace("unitnorm", root)
        monkeypatch.setattr(Workspace, "config", config)
        monkeypatch.setattr(Workspace, "source", "real")
        for name, made in (
            ("declarations", lambda _: self.claims),
            ("look", self.look),
            ("train", self.train),
            ("probe", lambda space, name, first: self.write(space.probe(name, first), self.asked, (name, first))),
            ("training_keys", lambda space, name, seeds: [f"{self.key} {name} {seed}" for seed in seeds]),
            ("has_part", lambda study, part: True),
            ("_asking", lambda space: "asked so"),
        ):
            monkeypatch.setattr(stage, name, made)

    def write(self, folder, told, what):
        told.append(what)
        write_json(folder / "made.json", list(what))

    def train(self, space, name, first, count):
        self.write(space.run(name, first), self.trained, (name, first, count))

    def look(self, space, claims, seeds):
        return {
            number: [primary(claims[number], Effect(0, *self.found[number](seeds), 9, seeds), undecided=self.barred)]
            for number in claims
            if seeds in claims[number].looks
        }

    barred = ""

    def run(self):
        self.trained, self.asked = [], []
        stage.further(self.space)
        return json.loads((self.space.further / "looks.json").read_text())["looks"]


def never(seeds):
    return (-1, 1)


def from_four_on(seeds):
    return (1, 2) if seeds >= 4 else (-1, 1)


def test_only_what_an_undecided_claim_reads_gets_more_seeds_and_only_up_to_the_next_look(monkeypatch, tmp_path):
    claims = [declared(1, of=["a"]), declared(2, of=["b"])]
    study = Study(monkeypatch, tmp_path, claims, {1: never, 2: from_four_on})
    looks = study.run()
    assert study.trained == [("a", 2, 2), ("b", 2, 2), ("a", 4, 4)]
    assert study.asked == [("a", 2), ("b", 2), ("a", 4)]
    assert [(each["seeds"], each["verdicts"]) for each in looks] == [
        (2, {"1": "inconclusive", "2": "inconclusive"}),
        (4, {"1": "inconclusive", "2": "reproduced"}),
        (8, {"1": "inconclusive"}),
    ]
    assert study.space.blocks("a") == [0, 2, 4]
    assert study.space.blocks("c") == [0]


def test_what_a_variant_goes_on_from_is_trained_first(monkeypatch, tmp_path):
    study = Study(monkeypatch, tmp_path, [declared(1, of=["c"], seeds=4, looks=[2, 4])], {1: never}, [("c", "a")])
    study.run()
    assert study.trained == [("a", 2, 2), ("c", 2, 2)]


def test_stand_ins_single_looks_and_what_may_not_be_judged_get_none(monkeypatch, tmp_path):
    claims = [declared(1, basis="data"), declared(2, basis="own", looks=[8]), declared(3)]
    study = Study(monkeypatch, tmp_path, claims, dict.fromkeys((1, 2, 3), never))
    monkeypatch.setattr(Workspace, "source", "generated")
    study.barred = "networks near chance"
    assert [(each["verdicts"], each["barred"]) for each in study.run()] == [({"3": "inconclusive"}, [3])]
    assert study.trained == []


def test_what_any_data_decide_gets_the_planned_seeds_beside_stand_ins_that_need_fewer(monkeypatch, tmp_path):
    claims = [declared(1, basis="data", of=["a"]), declared(2, seeds=4, looks=[], of=["b"])]
    study = Study(monkeypatch, tmp_path, claims, {1: never, 2: from_four_on})
    monkeypatch.setattr(Workspace, "source", "generated")
    assert [(each["seeds"], each["verdicts"]) for each in study.run()] == [(4, {"2": "reproduced"})]
    assert study.trained == [("b", 2, 2)]


def test_networks_of_an_earlier_run_are_taken_where_all_they_depend_on_is_the_same(monkeypatch, tmp_path):
    study = Study(monkeypatch, tmp_path, [declared(1, of=["a"])], {1: never})
    study.run()
    assert study.trained == [("a", 2, 2), ("a", 4, 4)]
    study.run()
    assert (study.trained, study.asked) == ([], [])
    assert study.space.blocks("a") == [0, 2, 4]
    monkeypatch.setattr(stage, "_asking", lambda space: "asked otherwise")
    study.run()
    assert (study.trained, study.asked) == ([], [("a", 2), ("a", 4)])
    study.key = "other data"
    study.run()
    assert study.trained == [("a", 2, 2), ("a", 4, 4)]


def test_seeds_that_are_no_longer_needed_are_gone(monkeypatch, tmp_path):
    study = Study(monkeypatch, tmp_path, [declared(1, of=["a"])], {1: never})
    study.run()
    study.found[1] = from_four_on
    study.run()
    assert study.space.blocks("a") == [0, 2]


def test_a_run_that_was_killed_loses_nothing_that_was_finished(monkeypatch, tmp_path):
    study = Study(monkeypatch, tmp_path, [declared(1, of=["a"])], {1: never})
    finish = study.train

    def killed(space, name, first, count):
        if first == 4:
            raise KeyboardInterrupt
        finish(space, name, first, count)

    monkeypatch.setattr(stage, "train", killed)
    with pytest.raises(KeyboardInterrupt):
        study.run()
    monkeypatch.setattr(stage, "train", finish)
    study.run()
    assert study.trained == [("a", 4, 4)]


def test_an_unknown_variant_is_named(monkeypatch, tmp_path):
    study = Study(monkeypatch, tmp_path, [declared(1, of=["d"])], {1: never})
    with pytest.raises(ValueError, match=r"unitnorm: planned\.of names d; variants are a, b, c"):
        study.run()
