"""YAML of unknown origin: read as before where it is sane, refused by file and line, in time and memory, where not."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from tests.conftest import ROOT

from reprise import yaml_files
from reprise.yaml_files import DEEPEST, LARGEST, YamlError, check_yaml, parse_yaml, read_yaml


def bomb(levels: int, width: int = 10) -> str:
    """Aliases, each level ``width`` times the one before."""
    lines = ["a0: &a0 [x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]" for i in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize("path", sorted([ROOT / "params.yaml", *ROOT.glob("pipelines/*/*.yaml")]), ids=str)
def test_our_own_files_are_read_as_ever(path: Path) -> None:
    assert read_yaml(path) == YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def test_aliases_and_merge_keys_within_bounds_are_followed() -> None:
    text = "base: &base {rate: 1.0e-3, seeds: [1, 2]}\nwide:\n  <<: *base\n  width: 64\nsame: *base\n"
    base = {"rate": 1e-3, "seeds": [1, 2]}
    assert parse_yaml(text, "x") == {"base": base, "wide": base | {"width": 64}, "same": base}
    with pytest.raises(YamlError, match=r"line 2: not valid YAML: .*duplicate anchor"):
        parse_yaml("a: &x 1\nb: &x 2\nc: *x", "x")
    assert parse_yaml("", "x") is None


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(st.characters(codec="ascii", min_codepoint=32)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=4),
    max_leaves=30,
)


@settings(deadline=None)
@given(plain)
def test_json_is_read_as_what_it_is(value) -> None:
    assert parse_yaml(json.dumps(value), "x") == value


@pytest.mark.parametrize("levels", [10, 400])
def test_aliases_ten_by_ten_are_refused_at_once(levels: int) -> None:
    begun = time.monotonic()
    with pytest.raises(YamlError, match=r"^params.yaml, line 6: more than 100,000 values"):
        parse_yaml(bomb(levels), "params.yaml")
    assert time.monotonic() - begun < 2
    assert len(parse_yaml(bomb(4), "x")["a3"]) == 10


def test_merge_keys_and_long_chains_are_bounded_too() -> None:
    merged = "a0: &a0 {x: 1}\n" + "\n".join(
        f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}, *a{i - 1}]}}" for i in range(1, 40)
    )
    with pytest.raises(YamlError, match="values"):
        parse_yaml(merged, "x")
    chain = "a0: &a0 [x]\n" + "\n".join(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 100))
    with pytest.raises(YamlError, match=f"line {DEEPEST}: more than {DEEPEST} levels"):
        parse_yaml(chain, "x")


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "{? ", "[{a: ", "a: [", "!!seq [", "&a ["])
def test_a_hundred_thousand_brackets_are_refused_at_once_and_kill_nobody(tmp_path: Path, opening: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(opening * 100_000)
    code = (
        "import sys; from reprise.yaml_files import *\n"
        "try: read_yaml(sys.argv[1])\nexcept YamlError as error: print(error)"
    )
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, timeout=60)
    assert time.monotonic() - begun < 20
    assert done.returncode == 0, done.stderr[-300:]
    assert done.stdout.startswith(f"{path}, line 1: ")


def test_the_deepest_that_is_allowed_is_read() -> None:
    value = parse_yaml("[" * DEEPEST + "]" * DEEPEST, "x")
    for _ in range(DEEPEST - 1):
        (value,) = value
    assert value == []
    with pytest.raises(YamlError, match=f"more than {DEEPEST} levels"):
        parse_yaml("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), "x")


@pytest.mark.parametrize("text", ["a: &a [*a]", "&a {b: *a}", "a: *b", "b: &a [1, {c: [*a]}]"])
def test_what_holds_itself_or_stands_for_nothing_is_refused(text: str) -> None:
    with pytest.raises(YamlError, match=r"^params.yaml, line 1: \*[ab] stands for nothing above it"):
        parse_yaml(text, "params.yaml")


def test_an_endless_device_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name in ("params.yaml", "pipe.yaml", "folder.yaml"):
        with pytest.raises(YamlError, match=rf"{name}: not an ordinary file"):
            read_yaml(tmp_path / name)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB
    with pytest.raises(FileNotFoundError):
        read_yaml(tmp_path / "absent.yaml")


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    with path.open("wb") as stream:
        stream.truncate(5 << 30)  # sparse
    begun = time.monotonic()
    with pytest.raises(YamlError, match="larger than 1 MB"):
        read_yaml(path)
    assert time.monotonic() - begun < 2
    path.write_text("a: " + "x" * (LARGEST - 3))
    assert len(read_yaml(path)["a"]) == LARGEST - 3
    with pytest.raises(YamlError, match="longer than"):
        check_yaml("x" * (LARGEST + 1), "x")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: 1\nb: [1, 2\nc: 3\n", r"line 3: not valid YAML: while parsing a flow"),
        (b"a: 1\na: 2\n", r"line 2: not valid YAML: .*duplicate key"),
        (b"a: 1\n\tb: 2\n", r"line 2: not valid YAML"),
        (b"a: 1\n---\nb: 2\n", r"line 2: not valid YAML: .*single document"),
        (b"a: !!python/object/apply:os.system [ls]\n", r"line 1: not valid YAML: .*constructor"),
        (b"a: 2024-13-01\n", r": not valid YAML: month must"),
        (b"a: " + b"9" * 5000, r": not valid YAML: .*4300 digits"),
        (b"ok: 1\n\xff\xfe\n", r"line 2: not UTF-8"),
        (b"a: \x00\n", r"not valid YAML"),
        (b"a: '\x1b[2J\n", r"not valid YAML"),
        (b"%YAML 9.9\n---\na", r"not valid YAML"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_with_its_place(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    with pytest.raises(YamlError, match=said) as caught:
        read_yaml(path)
    assert str(caught.value).startswith(str(path))
    assert str(caught.value).isprintable()


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("[]{}&*ab:,-?!|>'\"#% \n<"), max_size=60))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    try:
        value = parse_yaml(text, "here")
    except YamlError as error:
        message = str(error)
        assert message.startswith("here")
        assert message.isprintable()
    else:
        assert json.dumps(value, default=str, skipkeys=True)


def test_the_bounds_hold_without_the_c_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_files, "YAML", lambda typ: YAML(typ=typ, pure=True))
    with pytest.raises(YamlError, match="values"):
        parse_yaml(bomb(12), "x")
    with pytest.raises(YamlError, match="levels"):
        parse_yaml("[" * 100_000, "x")
    with pytest.raises(YamlError, match="stands for nothing"):
        parse_yaml("&a [*a]", "x")
    assert parse_yaml("a: &x [1]\nb: *x", "x") == {"a": [1], "b": [1]}
