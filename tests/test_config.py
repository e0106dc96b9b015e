"""The params files are read strictly, and errors say what to type instead."""

from __future__ import annotations

import pytest
from tests.conftest import copy_params

from reprise import config, settings
from reprise.config import ConfigError
from reprise.files import write_text
from reprise.registry import known_studies

MINIMAL = "scale: small\ndata: {source: generated}\n"


def write(folder, text, study=None):
    write_text(folder / (f"pipelines/{study}/params.yaml" if study else "params.yaml"), text)
    return folder


@pytest.fixture
def copy(tmp_path):
    """This checkout's params files."""
    copy_params(tmp_path)
    return tmp_path


def texts(folder):
    return {path: path.read_text(encoding="utf-8") for path in folder.rglob("params.yaml")}


def replaced(folder, study, old, new):
    path = folder / "pipelines" / study / "params.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


@pytest.mark.parametrize("scale", settings.SCALES)
def test_every_committed_file_is_valid_at_every_scale(copy, scale):
    config.set_value(copy, f"scale={scale}")
    params = config.load(copy)
    assert params.scale == scale
    params.check()


def test_every_study_has_parameters_and_every_parameters_have_a_study(root):
    assert config.load(root).studies == list(known_studies()) != []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("traning: {}", "did you mean 'training'?"),
        ("ultrasound: {}", "a study's parameters stand in pipelines/ultrasound/params.yaml"),
        ("training: {thread: 2}", "did you mean 'threads'?"),
        ("training: {threads: '2'}", "training.threads: found '2'"),
        ("training: {threads: 0}", "greater than or equal to 1"),
        ("training: {precision: bf17}", "training.precision: found 'bf17'"),
        ("training: {accelerator: abacus}", "training.accelerator: found 'abacus'"),
        ("training: {devices: 0}", "greater than or equal to 1"),
    ],
)
def test_mistakes_are_refused_by_name_with_the_nearest_valid_key(tmp_path, line, expected):
    with pytest.raises(ConfigError) as error:
        config.load(write(tmp_path, MINIMAL + line + "\n"))
    assert expected in str(error.value)
    assert "params.yaml" in str(error.value)


def test_parameters_of_no_study_are_refused_with_the_nearest(tmp_path):
    write(write(tmp_path, MINIMAL), "a: 1\n", "rotatoin")
    with pytest.raises(ConfigError, match=r"rotatoin.*did you mean 'rotation'"):
        config.load(tmp_path).check()


def test_a_mistyped_key_inside_a_variant_is_named_with_its_file_and_place(copy):
    replaced(copy, "ultrasound", "raw: {}", "raw: {epoch: 3}")
    expected = r"pipelines/ultrasound/params\.yaml: variants\.raw\.epoch: unknown key \(did you mean 'epochs'\?\)"
    with pytest.raises(ConfigError, match=expected):
        config.load(copy).study("ultrasound")


@pytest.mark.parametrize("found", [".inf", ".nan"])
def test_numbers_are_finite(copy, found):
    replaced(copy, "confidence", "momentum: 0.9 ", f"momentum: {found} ")
    with pytest.raises(ConfigError, match=r"confidence/params\.yaml: base\.momentum: found (inf|nan): .*finite"):
        config.load(copy).study("confidence")


@pytest.mark.parametrize("name", ["../raw", "raw; ls", "raw.1", "''"])
def test_a_variants_name_can_stand_in_a_command_and_a_path(copy, name):
    replaced(copy, "ultrasound", "  raw: {}", f"  {name}: {{}}")
    with pytest.raises(ConfigError, match=r"variants.*should match pattern"):
        config.load(copy).study("ultrasound")


@pytest.mark.parametrize(
    "text",
    ["", "- a\n- b\n", "scale: [\n", "scale: huge\n", "scale: small\ndata: 3\n", "scale: 2024-13-01\n"],
)
def test_a_file_that_is_no_configuration_ends_in_a_config_error(tmp_path, text):
    with pytest.raises(ConfigError):
        config.load(write(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    ["runs: 2024-01-01\n", "&a {runs: *a}\n", "2024-01-01: 1\n", "runs: !!binary aGk=\n", "? [a]\n: 1\n", "3\n", ""],
)
def test_a_studys_file_that_is_no_configuration_ends_in_a_config_error(tmp_path, text):
    write(write(tmp_path, MINIMAL), text, "mixtures")
    with pytest.raises(ConfigError, match=r"pipelines/mixtures/params\.yaml"):
        config.load(tmp_path).study("mixtures")


def test_a_file_that_is_not_utf8_is_named(tmp_path):
    (tmp_path / "params.yaml").write_bytes(b"scale: \xff\n")
    for read in (config.load, lambda folder: config.set_value(folder, "scale=full")):
        with pytest.raises(ConfigError, match=r"params\.yaml, line 1: not UTF-8"):
            read(tmp_path)


def test_a_missing_file_says_where_to_run(tmp_path):
    with pytest.raises(ConfigError, match="folder that holds"):
        config.load(tmp_path)


def test_exponents_without_a_dot_are_numbers(copy):
    replaced(
        copy, "rotation", "learning_rate: {smoke: 1.0e-3, small: 2.0e-3", "learning_rate: {smoke: 1e-3, small: 2e-3"
    )
    assert config.load(copy).study("rotation").base.learning_rate == 2e-3


def test_scales_resolve_and_smoke_falls_back_to_small():
    node = {"epochs": {"small": 3, "full": 200}, "list": [{"smoke": 1, "small": 2, "full": 3}], "plain": {"small": 1}}
    assert settings.resolve(node, "smoke", "real") == {"epochs": 3, "list": [1], "plain": {"small": 1}}
    assert settings.resolve(node, "full", "real") == {"epochs": 200, "list": [3], "plain": {"small": 1}}


def test_sources_resolve_inside_scales_and_around_them():
    node = {
        "seeds": {"smoke": 1, "small": {"generated": 2, "real": 8}, "full": 5},
        "epochs": {"real": {"small": 9, "full": 200}, "generated": 3},
        "generated": 4,
    }
    assert settings.resolve(node, "small", "real") == {"seeds": 8, "epochs": 9, "generated": 4}
    assert settings.resolve(node, "small", "generated") == {"seeds": 2, "epochs": 3, "generated": 4}
    assert settings.resolve(node, "smoke", "real") == {"seeds": 1, "epochs": 9, "generated": 4}


def test_variants_override_the_base_and_leave_it_alone():
    base = {"a": 1, "nested": {"b": 2, "c": 3}}
    assert settings.merge(base, {"nested": {"c": 4}}) == {"a": 1, "nested": {"b": 2, "c": 4}}
    assert base == {"a": 1, "nested": {"b": 2, "c": 3}}


class TestStarts:
    """Variants that go on from another's networks."""

    def config(self, variants, started):
        return settings.StudyConfig[settings.Settings].model_validate(
            {
                "seeds": 1,
                "base": {"epochs": 1, "batch_size": 2, "learning_rate": 0.1},
                "variants": variants,
                "started": started,
            }
        )

    def test_they_are_variants_too_and_take_the_base(self):
        found = self.config({"a": {}}, {"b": {"start": "a", "epochs": 3}, "c": {"start": "b"}})
        assert list(found.variants) == ["a", "b", "c"]
        assert (found.variants["b"].epochs, found.variants["c"].start, found.variants["c"].batch_size) == (3, "b", 2)

    @pytest.mark.parametrize(
        ("variants", "started", "message"),
        [
            ({"a": {}}, {"b": {"start": "x"}}, r"started\.b\.start: found 'x', expected one of a, b"),
            ({"a": {}}, {"b": {}}, r"started\.b\.start: found None"),
            ({"a": {}}, {"b": {"start": "c"}, "c": {"start": "b"}}, r"b -> c -> b leads back to itself"),
            ({"a": {}}, {"b": {"start": "b"}}, r"b -> b leads back"),
            ({"a": {}}, {"a": {"start": "a"}}, r"a: a variant has this name already"),
            ({"a": {}, "b": {"start": "a"}}, {}, r"variants\.b: has a start, so it belongs under `started`"),
        ],
    )
    def test_what_cannot_be_trained_in_turn_is_refused(self, variants, started, message):
        with pytest.raises(ValueError, match=message):
            self.config(variants, started)


def test_two_schedules_at_once_are_refused():
    with pytest.raises(ValueError, match="one schedule at a time"):
        settings.Settings(epochs=1, batch_size=1, learning_rate=0.1, decay="linear", plateau_patience=3)


def test_set_keeps_comments_and_layout_and_finds_the_right_file(copy):
    before = texts(copy)
    written = config.set_value(copy, "data.source=real", "rotation.base.epochs=3")
    assert written == [copy / "params.yaml", copy / "pipelines" / "rotation" / "params.yaml"]
    params = config.load(copy)
    assert params.data.source == "real"
    assert params.study("rotation").base.epochs == 3
    for path, text in texts(copy).items():
        pairs = zip(before[path].splitlines(), text.splitlines(), strict=True)
        changed = [old for old, new in pairs if old != new]
        assert len(changed) == (path in written)


def test_set_keeps_a_files_line_ends(copy):
    path = copy / "params.yaml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    before = path.read_bytes().split(b"\r\n")
    config.set_value(copy, "data.source=real")
    after = path.read_bytes().split(b"\r\n")
    assert b"\n" not in b"".join(after)
    assert sum(old != new for old, new in zip(before, after, strict=True)) == 1


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("data.sorce=real", "'source'"),
        ("data.source=reel", "data.source"),
        ("data.source", "KEY=VALUE"),
        ("x.y=1", "x"),
        ("rotatoin.seeds=3", "did you mean 'rotation'"),
        ("rotation.base.epoch=3", r"pipelines/rotation/params\.yaml: no key 'rotation\.base\.epoch' .*'epochs'"),
        ("rotation=3", "rotation"),
        ("scale=[1,", "not valid YAML"),
        ("ultrasound.seeds=2024-01-01", r"ultrasound\.seeds: found datetime\.date"),
        ("ultrasound.seeds=&a [*a]", r"\*a stands for nothing above it"),
        ("ultrasound.seeds={[1]: 2}", r"ultrasound\.seeds: key .*expected text"),
        ("ultrasound.seeds=!!binary aGk=", "found b'hi'"),
        ("connectivity.started.pruned.start=conca", r"started\.pruned\.start: found 'conca'"),
    ],
)
def test_set_refuses_what_would_not_be_valid_and_leaves_every_file(copy, assignment, expected):
    before = texts(copy)
    with pytest.raises(ConfigError, match=expected):
        config.set_value(copy, "scale=full", "rotation.seeds=9", assignment)
    assert texts(copy) == before


def test_set_writes_nothing_before_all_of_it_is_valid(copy, monkeypatch):
    before = texts(copy)

    def interrupted(params):
        raise KeyboardInterrupt

    monkeypatch.setattr(config.Params, "check", interrupted)
    with pytest.raises(KeyboardInterrupt):
        config.set_value(copy, "scale=full")
    monkeypatch.undo()
    assert texts(copy) == before
    # one is valid only with the other: what is checked is the file that all of them make
    config.set_value(copy, "connectivity.started.pruned.start=sum", "connectivity.variants={sum: {merge: sum}}")
    assert config.load(copy).study("connectivity").variants["pruned"].start == "sum"
