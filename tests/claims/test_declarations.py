"""Declarations: read with bounds, refused by file, claim and field, and told apart by all that they declare."""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from tests.conftest import ROOT

from reprise.claims.bands import above, between
from reprise.claims.declarations import Declaration, Declarations, read_declarations
from reprise.power import ALPHA, look_levels, power_above, power_between

WHOLE = {
    "says": "8_rot_1 is better",
    "place": "S2, figure 8",
    "basis": "data",
    "measures": "Test accuracy, {}",
    "band": "> 0",
    "because": "to be better is to be above",
    "each": True,
    "smallest": 0.01,
    "planned": {
        "seeds": 24, "looks": [4, 8, 16, 24], "of": ["8_rot_1"], "spread": 0.01, "examples_error": 0.002,
        "taken_from": "reports/real of 25668cf",
    },
    "undecidable": "networks below twice chance",
    "slips": [7, 8],
}  # fmt: skip
FEW = {"says": "it is so", "place": "S1", "measures": "M", "band": "= 56", "because": "it counts"}
BUILT = {"built": {"names": "S1 lists it", "oracle": "scikit-image"}}


def declaration(**changes) -> Declaration:
    return Declaration.model_validate({"claim": 64} | WHOLE | changes)


def without(*names: str) -> dict:
    return {name: value for name, value in WHOLE.items() if name not in names}


def write(folder: Path, content) -> Path:
    """A declared.yaml with this content: text as it is, anything else as YAML writes it."""
    path = folder / "declared.yaml"
    if isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8") as stream:
            YAML(typ="safe").dump(content, stream)
    return path


def read(folder: Path, content) -> Declarations:
    return read_declarations(write(folder, content))


def refusal(folder: Path, content) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        read(folder, content)
    message = str(caught.value)
    assert message.startswith(str(folder / "declared.yaml")), message
    assert message.isprintable(), message  # one line, and nothing that a terminal would obey
    assert len(message) < 600
    return message.removeprefix(f"{folder}/declared.yaml")


# what is read


def test_what_is_written_is_what_is_read(tmp_path):
    found = read(tmp_path, {64: WHOLE, 2: FEW, 62: BUILT})
    assert found == {64: declaration(), 2: Declaration(claim=2, **FEW), 62: Declaration(claim=62, **BUILT)}
    assert found[64].expect == above(0)
    assert found.seen == found[64].seen == ""


@pytest.mark.parametrize("name", ["WHOLE", "FEW", "BUILT"])
def test_a_declaration_goes_through_json_and_comes_back(name):
    one = Declaration.model_validate({"claim": 3, "seen": "nothing yet"} | globals()[name])
    again = Declaration.model_validate_json(json.dumps(one.model_dump(mode="json")))
    assert again == one
    assert again.digest == one.digest


def test_folded_text_is_one_line_and_dates_are_text(tmp_path):
    text = """
    2:
      says: >
        it is
        so
      place: S1
      measures: |
        Many
          lines
      band: " = 56"
      because: it counts
      changed:
      - {when: 2026-11-20, why: the band was one too wide}
      - {when: "2026-11-21", why: it was right}
    """
    found = read(tmp_path, text)[2]
    assert (found.says, found.measures, found.band) == ("it is so", "Many lines", "= 56")
    assert [change.when for change in found.changed] == ["2026-11-20", "2026-11-21"]


def test_what_had_been_seen_is_said_once_and_carried_by_all(tmp_path):
    seen = "generated and real runs\nof commit 25668cf"
    found = read(tmp_path, {"seen": seen, 2: FEW, 3: FEW | {"seen": "nothing"}, 62: BUILT})
    assert found.seen == "generated and real runs of commit 25668cf"
    assert {claim: each.seen for claim, each in found.items()} == {2: found.seen, 3: "nothing", 62: found.seen}
    assert found[2].model_dump(mode="json")["seen"] == found.seen
    assert found[2].digest == read(tmp_path, {2: FEW})[2].digest
    assert sorted(found) == [2, 3, 62]


@pytest.mark.parametrize("path", sorted(ROOT.glob("src/reprise/studies/*/declared.yaml")), ids=lambda p: p.parent.name)
def test_our_own_declarations_are_read_and_have_a_kind(path):
    found = read_declarations(path)
    assert found
    assert all(each.kind(source) for each in found.values() for source in ("generated", "real"))
    assert len({each.digest for each in found.values()}) == len(found)
    for each in found.values():
        assert each.power is None or 0 <= each.power <= 1


def test_a_claim_that_is_not_declared_is_named():
    with pytest.raises(KeyError, match=r"claim 5 is not declared; declared\.yaml has 2, 64"):
        Declarations({64: declaration(), 2: Declaration(claim=2, **FEW)})[5]


# what is refused


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"says": 12}, "says: Input should be a valid string (found 12)"),
        ({"place": ["S1"]}, "place: Input should be a valid string (found ['S1'])"),
        ({"basis": "real"}, "basis: Input should be 'arithmetic', 'anything', 'own' or 'data' (found 'real')"),
        ({"measures": "Accuracy of {0}"}, "measures: braces stand for which comparison it is"),
        ({"measures": "{x.__class__}"}, "measures: braces stand for which comparison it is"),
        ({"measures": "a set {"}, "measures: braces stand for which comparison it is"),
        ({"band": "about 3"}, "band: band 'about 3': expected '> 0'"),
        ({"band": "1 to 0"}, "band: band '1 to 0': 1 is above 0"),
        ({"band": 0}, "band: Input should be a valid string (found 0)"),
        ({"each": "yes"}, "each: Input should be a valid boolean (found 'yes')"),
        ({"each": 1}, "each: Input should be a valid boolean (found 1)"),
        ({"smallest": 0}, "smallest: Input should be greater than 0 (found 0)"),
        ({"smallest": "0.01"}, "smallest: Input should be a valid number (found '0.01')"),
        ({"smallest": math.nan}, "smallest: Input should be a finite number (found nan)"),
        ({"smallest": math.inf}, "smallest: Input should be a finite number (found inf)"),
        ({"planned": 24}, "planned: Input should be a valid dictionary or instance of Planned (found 24)"),
        ({"planned": {}}, "planned: give seeds (what is trained) or n (what is repeated), one of them"),
        ({"planned": {"seeds": 4, "n": 4}}, "planned: give seeds (what is trained) or n (what is repeated), one of"),
        ({"planned": {"seeds": 1}}, "planned.seeds: Input should be greater than or equal to 2 (found 1)"),
        ({"planned": {"seeds": 4.5}}, "planned.seeds: Input should be a valid integer (found 4.5)"),
        ({"planned": {"seeds": True}}, "planned.seeds: Input should be a valid integer (found True)"),
        ({"planned": {"seeds": 10**9}}, "planned.seeds: Input should be less than or equal to 9999"),
        ({"planned": {"n": 1}}, "planned.n: Input should be greater than or equal to 2"),
        ({"planned": {"seeds": 8, "looks": [8, 4]}}, "planned: looks: rising numbers of seeds from 2 on"),
        ({"planned": {"seeds": 8, "looks": [4, 4, 8]}}, "planned: looks: rising"),
        ({"planned": {"seeds": 8, "looks": [1, 8]}}, "planned: looks: rising"),
        ({"planned": {"seeds": 8, "looks": [4]}}, "planned: looks: rising"),
        ({"planned": {"n": 8, "looks": [4, 8]}}, "planned: looks: rising"),
        ({"planned": {"seeds": 8, "of": "all"}}, "planned.of: Input should be a valid list (found 'all')"),
        ({"planned": {"seeds": 8, "spread": -1}}, "planned.spread: Input should be greater than or equal to 0"),
        ({"planned": {"seeds": 8, "examples_error": -1}}, "planned.examples_error: Input should be greater"),
        ({"planned": {"seeds": 8, "sprad": 1}}, "planned.sprad: Extra inputs are not permitted (found 1)"),
        ({"undecidable": None}, "undecidable: Input should be a valid string (found None)"),
        ({"slips": [0]}, "slips.0: Input should be greater than or equal to 1 (found 0)"),
        ({"slips": 7}, "slips: Input should be a valid list (found 7)"),
        ({"changed": [{"when": "yesterday", "why": "it was wrong"}]}, "changed.0.when: String should match"),
        ({"changed": [{"when": "2026-11-20", "why": ""}]}, "changed.0.why: String should have at least 3"),
        ({"changed": [{"when": "2026-11-20"}]}, "changed.0.why: Field required"),
        ({"seen": 3}, "seen: Input should be a valid string (found 3)"),
        ({"band_": "> 0"}, "band_: Extra inputs are not permitted (found '> 0')"),
        ({"claim": 64}, "claim: its number is the key; take the field out"),
        ({1: "> 0"}, "1: "),
    ],
)
def test_every_field_is_checked_and_named(tmp_path, changes, message):
    assert refusal(tmp_path, {2: FEW, 64: WHOLE | changes}).startswith(f": claim 64: {message}")


@pytest.mark.parametrize("name", ["says", "place", "measures", "band", "because", "undecidable"])
def test_what_a_random_claim_must_say_is_missed(tmp_path, name):
    assert refusal(tmp_path, {64: without(name)}) == f": claim 64: missing: {name}"
    assert refusal(tmp_path, {64: WHOLE | {name: " \n"}}) == f": claim 64: missing: {name}"


def test_all_that_is_missing_is_named_at_once(tmp_path):
    message = refusal(tmp_path, {64: {"basis": "anything", "planned": {"seeds": 4}}})
    missing = "says, place, measures, band, because, because_anything, undecidable"
    assert message == f": claim 64: missing: {missing}"
    assert "claim 64: missing: says" in refusal(tmp_path, {64: {}})


def test_several_faults_are_told_in_one_line(tmp_path):
    message = refusal(tmp_path, {64: WHOLE | {"band": "so", "slips": [0], "each": 2}})
    assert [part.split(":")[0] for part in message.removeprefix(": claim 64: ").split("; ")] == [
        "band",
        "each",
        "slips.0",
    ]


def test_what_is_random_needs_a_smallest_effect_unless_its_band_has_two_ends(tmp_path):
    assert "claim 64: smallest: what is random needs" in refusal(tmp_path, {64: without("smallest")})
    assert read(tmp_path, {64: without("smallest") | {"band": "-0.01 to 0.01"}})[64].expect == between(-0.01, 0.01)
    assert read(tmp_path, {64: without("smallest", "planned", "undecidable")})[64].planned is None


@pytest.mark.parametrize("name", [*WHOLE, "because_anything"])
def test_what_is_built_has_nothing_that_is_judged(tmp_path, name):
    content = {62: BUILT | {name: WHOLE.get(name, "any at all")}}
    if name == "slips":
        assert read(tmp_path, content)[62].slips == [7, 8]
        return
    assert (
        refusal(tmp_path, content) == f": claim 62: built: what a source only names is not judged, so it has no {name}"
    )


@pytest.mark.parametrize(
    ("built", "message"),
    [
        ({"names": "S1 lists it"}, "built.oracle: Field required"),
        ({"names": "", "oracle": "another"}, "built.names: String should have at least 3 characters"),
        ({"names": "S1 lists it", "oracle": "another", "band": "> 0"}, "built.band: Extra inputs"),
        ("yes", "built: Input should be a valid dictionary"),
    ],
)
def test_what_is_built_says_what_and_against_what(tmp_path, built, message):
    assert refusal(tmp_path, {62: {"built": built}}).startswith(f": claim 62: {message}")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", ": expected a mapping from claims' numbers, found None"),
        ("- 64\n- 65", ": expected a mapping from claims' numbers, found [64, 65]"),
        ("64", ": expected a mapping from claims' numbers, found 64"),
        ("64:", ": claim 64: expected a mapping of fields, found None"),
        ("64: [says, it]", ": claim 64: expected a mapping of fields, found ['says', 'it']"),
        ("64: so", ": claim 64: expected a mapping of fields, found 'so'"),
        ("'64': {}", ": expected claims' numbers and `seen`, found '64'"),
        ("true: {}", ": expected claims' numbers and `seen`, found True"),
        ("64.0: {}", ": expected claims' numbers and `seen`, found 64.0"),
        ("0: {}", ": expected claims' numbers and `seen`, found 0"),
        ("-3: {}", ": expected claims' numbers and `seen`, found -3"),
        ("seem: nothing", ": expected claims' numbers and `seen`, found 'seem'"),
        ("seen: [a, b]", ": seen: expected what had been seen in words, found ['a', 'b']"),
        ("seen:", ": seen: expected what had been seen in words, found None"),
        (f"? 0x{'f' * 5000}\n: {{}}", ": expected claims' numbers and `seen`, found int of too many digits"),
        ("64: {band: [}", ", line 1: not valid YAML: "),
        ("64:\n  says: a\n64:\n  says: b", ", line 3: not valid YAML: while constructing a mapping found dup"),
        ("64:\n  says: a\n  says: b", ", line 3: not valid YAML: "),
        ("--- {}\n--- {}", ", line 2: not valid YAML: "),
        ("64: !!python/object/apply:os.system [ls]", ", line 1: not valid YAML: "),
        ("64: *base", ", line 1: *base stands for nothing above it"),
        ("64: &a [*a]", ", line 1: *a stands for nothing above it"),
        ("64:\n\tsays: a", ", line 2: not valid YAML: "),
        ("64: {each: \"\\x1b[31m\"}", ": claim 64: each: Input should be a valid boolean (found '\\x1b[31m')"),
        ("64: {\"\\x1b[31m\": 1}", ": claim 64: \\x1b[31m: Extra inputs are not permitted (found 1)"),
        ("\"\\x1b[31m\": 1", ": expected claims' numbers and `seen`, found '\\x1b[31m'"),
        ("64: {says: !!binary aGk=}", ": claim 64: says: Input should be a valid string (found b'hi')"),
        ("64: {says: !!set {a, b}}", ": claim 64: says: Input should be a valid string (found {"),
        ("64:\n  says: 2026-11-20T10:00:00", ": claim 64: says: Input should be a valid string (found datetime"),
    ],
)  # fmt: skip
def test_hostile_files_are_refused_in_one_line(tmp_path, content, message):
    assert refusal(tmp_path, content).startswith(message)


def test_bombs_and_depths_are_refused_at_once(tmp_path):
    lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    begun = time.monotonic()
    assert "more than 100,000 values" in refusal(tmp_path, "\n".join(lines))
    assert "more than 50 levels" in refusal(tmp_path, "64: " + "[" * 100_000)
    assert "larger than 1 MB" in refusal(tmp_path, "# " + "x" * (1 << 20))
    assert time.monotonic() - begun < 5


def test_aliases_within_bounds_are_followed(tmp_path):
    text = """
    2: &few {says: it is so, place: S1, measures: M, band: "= 56", because: it counts}
    3: *few
    4:
      <<: *few
      band: "= 57"
    """
    found = read(tmp_path, text)
    assert [each.band for each in found.values()] == ["= 56", "= 56", "= 57"]
    assert [each.claim for each in found.values()] == [2, 3, 4]


def test_what_is_no_file_is_told(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_declarations(tmp_path / "declared.yaml")
    (tmp_path / "declared.yaml").mkdir()
    with pytest.raises(ValueError, match="not an ordinary file"):
        read_declarations(tmp_path / "declared.yaml")
    path = tmp_path / "hostile\x1b[31m.yaml"
    path.write_bytes(b"64: \xff")
    with pytest.raises(ValueError, match=r"hostile\\x1b\[31m.yaml, line 1: not UTF-8"):
        read_declarations(path)
    path.write_text("[]")
    with pytest.raises(ValueError, match=r"hostile\\x1b\[31m.yaml: expected a mapping"):
        read_declarations(path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="not an ordinary file"):
        read_declarations(tmp_path / "pipe")


names = st.sampled_from([*WHOLE, "built", "x"])
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*WHOLE, "built", "changed", "seen"]), plain, max_size=5))
def test_whatever_stands_in_a_file_is_read_or_refused_in_one_line(tmp_path_factory, changes):
    folder = tmp_path_factory.mktemp("any")
    path = write(folder, {64: WHOLE | changes})
    error, found = "", {}
    try:
        found = read_declarations(path)
    except ValueError as caught:
        error = str(caught)
    assert error.isprintable()
    assert error.startswith(str(path)) if error else found[64].claim == 64
    assert error or len(found[64].digest) == 16


# what follows from it


OTHERS = {
    "claim": 65,
    "says": "8_rot_1 is no worse",
    "place": "S2",
    "basis": "own",
    "because_anything": "nothing else is needed",
    "measures": "Validation accuracy, {}",
    "band": ">= 0",
    "because": "so it is",
    "each": False,
    "smallest": 0.02,
    "undecidable": "none",
    "slips": [7],
}


@pytest.mark.parametrize("name", OTHERS)
def test_the_digest_changes_with_anything_that_is_declared(name):
    assert declaration(**{name: OTHERS[name]}).digest != declaration().digest


@pytest.mark.parametrize(
    "change",
    [
        {"seeds": 32, "looks": [4, 8, 16, 32]}, {"looks": [8, 16, 24]}, {"of": []}, {"spread": 0.011},
        {"examples_error": 0.0}, {"taken_from": "elsewhere"},
    ],
)  # fmt: skip
def test_the_digest_changes_with_the_plan(change):
    assert declaration(planned=WHOLE["planned"] | change).digest != declaration().digest


def test_the_digest_of_what_is_built_changes_with_either_word():
    digests = {
        Declaration.model_validate({"claim": 62, "built": BUILT["built"] | change}).digest
        for change in ({}, {"names": "S2 lists it"}, {"oracle": "another"})
    }
    assert len(digests) == 3


def test_the_digest_stays_with_what_is_said_of_changes_and_of_what_had_been_seen():
    changed = declaration(changed=[{"when": "2026-11-20", "why": "it was wrong"}], seen="a run")
    assert changed.digest == declaration().digest
    assert changed != declaration()


def test_the_digest_is_the_same_however_it_is_written(tmp_path):
    spread = read(tmp_path, {64: dict(reversed(WHOLE.items())) | {"says": "8_rot_1 is\n   better", "slips": [7, 8]}})
    assert spread[64].digest == declaration().digest == declaration(changed=[], because_anything="").digest
    assert declaration(smallest=1).digest == declaration(smallest=1.0).digest


@pytest.mark.parametrize(
    ("fields", "generated", "real", "unknown"),
    [
        (FEW, "arithmetic", "arithmetic", "arithmetic"),
        (FEW | {"basis": "data"}, "stand-in", "measured", "stand-in"),
        (FEW | {"basis": "own"}, "measured", "measured", "measured"),
        (FEW | {"basis": "anything", "because_anything": "sums"}, "measured", "measured", "measured"),
        (BUILT, "built", "built", "built"),
    ],
)
def test_the_kind_follows_from_what_it_is_about_and_where_data_come_from(fields, generated, real, unknown):
    one = Declaration.model_validate({"claim": 2} | fields)
    assert [one.kind(source) for source in ("generated", "real", "")] == [generated, real, unknown]


def test_each_look_has_its_level_and_no_other_number_is_on_plan():
    one = declaration()
    assert one.looks == (4, 8, 16, 24)
    assert [one.level(n) for n in one.looks] == list(look_levels((4, 8, 16, 24)))
    assert one.level(5) == ALPHA
    assert [one.off_plan(n) for n in one.looks] == [""] * 4
    assert one.off_plan(5) == "5 seeds, planned are 4 or 8 or 16 or 24"


def test_without_looks_the_planned_number_is_the_one_look():
    one = declaration(planned={"seeds": 8})
    assert one.looks == (8,)
    assert one.level(8) == pytest.approx(ALPHA)
    assert (one.off_plan(8), one.off_plan(9)) == ("", "9 seeds, planned are 8")
    assert one.power is None


@pytest.mark.parametrize("planned", [None, {"n": 100}])
def test_what_trains_nothing_has_no_looks(planned):
    one = declaration(planned=planned)
    assert one.looks == ()
    assert one.level(3) == ALPHA
    assert one.off_plan(3) == ""
    assert one.power is None


def test_a_planned_n_binds_but_for_a_tenth_that_could_not_be_measured():
    one = declaration(planned={"n": 40, "spread": 1.0})
    assert [n for n in range(1, 100) if not one.off_plan(0, n)] == [36, 37, 38, 39, 40]
    assert one.off_plan(0, 4) == "n 4, planned are 40"
    assert one.off_plan(0, 1000) == "n 1,000, planned are 40"
    assert declaration().off_plan(8, 3) == ""  # seeds are planned there, and not n


def test_power_is_of_all_comparisons_and_of_shares_by_wilsons_interval():
    one = declaration()
    assert one.power == one.power_of(1) > one.power_of(3) > one.power_of(8)
    share = declaration(planned={"n": 12, "share": 0.9}, band="> 0.5")
    assert share.power == pytest.approx(0.889, abs=0.001)
    assert share.power_of(2) == pytest.approx(0.889**2, abs=0.001)
    for wrong in ({"seeds": 12, "share": 0.9}, {"n": 12, "share": 0.9, "spread": 0.1}):
        with pytest.raises(ValueError, match="share: of n trials, in place of spread"):
            declaration(planned=wrong)


def test_the_digest_covers_the_settings_that_are_named_at_every_scale():
    params = {"base": {"epochs": {"small": 5, "full": 200}, "width": 8}, "seeds": 3}
    one = declaration(settings=["base.epochs"])
    here = one.holding(params, "params.yaml")
    assert here.held == {"base.epochs": {"small": 5, "full": 200}}
    assert here.digest == one.holding(params | {"seeds": 9}, "params.yaml").digest
    longer = {"base": {"epochs": {"small": 5, "full": 201}}}
    assert len({one.digest, here.digest, one.holding(longer, "params.yaml").digest}) == 3
    with pytest.raises(ValueError, match=r"params\.yaml: claim 64 declares the setting base\.epochs, which"):
        one.holding({"base": {"epoch": 5}}, "params.yaml")
    assert declaration().holding(params, "params.yaml").digest == declaration().digest


def test_what_is_held_is_filled_in_and_not_written(tmp_path):
    with pytest.raises(ValueError, match=r"held: filled in from params\.yaml"):
        read(tmp_path, {64: WHOLE | {"held": {"base.epochs": 5}}})


def test_power_is_that_of_the_last_look_with_what_the_plan_assumes():
    last = look_levels((4, 8, 16, 24))[-1]
    assert declaration().power == round(power_above(24, 0.01, 0.01, 0.002, last), 3)
    both = declaration(band="-0.01 to 0.03")
    assert both.power == round(power_between(24, 0.01, 0.02, 0.002, last), 3)
    repeated = declaration(planned={"n": 50, "spread": 0.02})
    assert repeated.power == round(power_above(50, 0.02, 0.01), 3)
    assert declaration(planned={"seeds": 24, "spread": 0.01}, band="< 0").power > declaration().power
    assert Declaration(claim=2, **FEW).power is None
    assert Declaration(claim=62, **BUILT).power is None
