"""params.yaml is read strictly, and errors say what to type instead."""

from __future__ import annotations

import pytest

from reprise import config
from reprise.config import ConfigError

MINIMAL = "scale: small\ndata: {source: generated}\n"


def write(folder, text):
    path = folder / "params.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_section_of_the_committed_file_is_valid_at_every_scale(root, tmp_path):
    text = (root / "params.yaml").read_text(encoding="utf-8")
    for scale in config.SCALES:
        params = config.load(write(tmp_path, text.replace("scale: small", f"scale: {scale}", 1)))
        assert params.scale == scale
        params.check()
        assert params.studies


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("traning: {}", "did you mean 'training'?"),
        ("ultrasond: {}", "did you mean 'ultrasound'?"),
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


def test_a_mistyped_key_inside_a_variant_is_named_with_its_place(root, tmp_path):
    text = (root / "params.yaml").read_text(encoding="utf-8").replace("raw: {}", "raw: {epoch: 3}")
    with pytest.raises(ConfigError, match=r"ultrasound\.variants\.raw\.epoch: unknown key \(did you mean 'epochs'\?\)"):
        config.load(write(tmp_path, text)).study("ultrasound")


@pytest.mark.parametrize("found", [".inf", ".nan"])
def test_numbers_are_finite(root, tmp_path, found):
    text = (root / "params.yaml").read_text(encoding="utf-8").replace("momentum: 0.9 ", f"momentum: {found} ", 1)
    with pytest.raises(ConfigError, match=r"confidence\.base\.momentum: found (inf|nan): .*finite"):
        config.load(write(tmp_path, text)).study("confidence")


@pytest.mark.parametrize("name", ["../raw", "raw; ls", "raw.1", "''"])
def test_a_variants_name_can_stand_in_a_command_and_a_path(root, tmp_path, name):
    text = (root / "params.yaml").read_text(encoding="utf-8").replace("    raw: {}", f"    {name}: {{}}")
    with pytest.raises(ConfigError, match=r"ultrasound\.variants.*should match pattern"):
        config.load(write(tmp_path, text)).study("ultrasound")


@pytest.mark.parametrize(
    "text",
    [
        "", "- a\n- b\n", "scale: [\n", "scale: medium\n", "scale: small\ndata: 3\n", "scale: 2024-13-01\n",
        MINIMAL + "mixtures: {runs: 2024-01-01}\n", MINIMAL + "mixtures: &a {runs: *a}\n",
        MINIMAL + "mixtures: {2024-01-01: 1}\n", MINIMAL + "mixtures: {runs: !!binary aGk=}\n",
        MINIMAL + "mixtures: {? [a] : 1}\n",
    ],
)  # fmt: skip
def test_a_file_that_is_no_configuration_ends_in_a_config_error(tmp_path, text):
    with pytest.raises(ConfigError):
        config.load(write(tmp_path, text))


def test_a_file_that_is_not_utf8_is_named(tmp_path):
    (tmp_path / "params.yaml").write_bytes(b"scale: \xff\n")
    for read in (config.load, lambda path: config.set_value(path, "scale=full")):
        with pytest.raises(ConfigError, match=r"params\.yaml: not UTF-8"):
            read(tmp_path / "params.yaml")


def test_a_missing_file_says_where_to_run(tmp_path):
    with pytest.raises(ConfigError, match="folder that holds"):
        config.load(tmp_path / "params.yaml")


def test_exponents_without_a_dot_are_numbers(tmp_path):
    assert config._read(write(tmp_path, MINIMAL + "training: {threads: 2}\nrate: 1e-3\n"))["rate"] == 1e-3


def test_scales_resolve_and_smoke_falls_back_to_small():
    node = {"epochs": {"small": 3, "full": 200}, "list": [{"smoke": 1, "small": 2, "full": 3}], "plain": {"small": 1}}
    assert config.resolve(node, "smoke") == {"epochs": 3, "list": [1], "plain": {"small": 1}}
    assert config.resolve(node, "full") == {"epochs": 200, "list": [3], "plain": {"small": 1}}


def test_variants_override_the_base_and_leave_it_alone():
    base = {"a": 1, "nested": {"b": 2, "c": 3}}
    assert config.merge(base, {"nested": {"c": 4}}) == {"a": 1, "nested": {"b": 2, "c": 4}}
    assert base == {"a": 1, "nested": {"b": 2, "c": 3}}


def test_set_keeps_comments_and_layout(root, tmp_path):
    before = (root / "params.yaml").read_text(encoding="utf-8")
    path = write(tmp_path, before)
    config.set_value(path, "data.source=real")
    after = path.read_text(encoding="utf-8")
    assert config.load(path).data.source == "real"
    assert [a for a, b in zip(before.splitlines(), after.splitlines(), strict=True) if a != b] == [
        line for line in before.splitlines() if line.startswith("  source: generated")
    ]


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("data.sorce=real", "'source'"),
        ("data.source=reel", "data.source"),
        ("data.source", "KEY=VALUE"),
        ("x.y=1", "x"),
        ("scale=[1,", "not valid YAML"),
        ("ultrasound.seeds=2024-01-01", r"ultrasound\.seeds: found datetime\.date"),
        ("ultrasound.seeds=&a [*a]", "levels"),
        ("ultrasound.seeds={[1]: 2}", r"ultrasound\.seeds: key .*expected text"),
        ("ultrasound.seeds=!!binary aGk=", "found b'hi'"),
    ],
)
def test_set_refuses_what_would_not_be_valid_and_leaves_the_file(root, tmp_path, assignment, expected):
    before = (root / "params.yaml").read_text(encoding="utf-8")
    path = write(tmp_path, before)
    with pytest.raises(ConfigError, match=expected):
        config.set_value(path, "scale=full", assignment)
    assert path.read_text(encoding="utf-8") == before


def test_set_writes_nothing_before_all_of_it_is_valid(root, tmp_path, monkeypatch):
    before = (root / "params.yaml").read_text(encoding="utf-8")
    path = write(tmp_path, before)

    def interrupted(params):
        raise KeyboardInterrupt

    monkeypatch.setattr(config.Params, "check", interrupted)
    with pytest.raises(KeyboardInterrupt):
        config.set_value(path, "scale=full")
    monkeypatch.undo()
    assert path.read_text(encoding="utf-8") == before
    # one is valid only with the other: what is checked is the file that all of them make
    config.set_value(path, "connectivity.prune_from=sum", "connectivity.variants={sum: {merge: sum}}")
    assert config.load(path).study("connectivity").prune_from == "sum"
