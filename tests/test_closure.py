"""A stage's code is everything its module can import."""

from __future__ import annotations

import pytest

from reprise.closure import closure, code_digest, stage_files, write_deps


@pytest.fixture
def source(tmp_path):
    files = {
        "__init__.py": "",
        "a.py": "from reprise import b\nimport numpy\n",
        "b.py": "def f():\n    from reprise.sub.c import g\n    return g\n",
        "sub/__init__.py": "",
        "sub/c.py": "from .d import h\nfrom __future__ import annotations\n",
        "sub/d.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import reprise.unused\n",
        "unused.py": "",
    }
    for name, text in files.items():
        path = tmp_path / "src" / "reprise" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "src"


def names(paths, source):
    return [path.relative_to(source / "reprise").as_posix() for path in paths]


def test_the_closure_follows_functions_relative_imports_and_packages(source):
    found = names(closure(["reprise.a"], source), source)
    assert found == ["__init__.py", "a.py", "b.py", "sub/__init__.py", "sub/c.py", "sub/d.py"]


def test_imports_for_type_checkers_do_not_count(source):
    assert "unused.py" not in names(closure(["reprise.sub.d"], source), source)


def test_a_module_without_a_file_is_an_error(source):
    with pytest.raises(ValueError, match=r"reprise\.nowhere"):
        closure(["reprise.nowhere"], source)


def test_the_digest_changes_with_any_file_of_the_closure_and_with_no_other(source):
    before = code_digest(["reprise.a"], source)
    (source / "reprise" / "unused.py").write_text("x = 1\n")
    assert code_digest(["reprise.a"], source) == before
    (source / "reprise" / "sub" / "d.py").write_text("x = 1\n")
    assert code_digest(["reprise.a"], source) != before


@pytest.mark.parametrize("edit", ["x = 1  # why\n", '"""What it is."""\nx = 1\n', "\nx   =  (1)\n"])
def test_comments_docstrings_and_layout_are_no_code(source, edit):
    path = source / "reprise" / "sub" / "d.py"
    path.write_text("x = 1\n")
    before = code_digest(["reprise.a"], source)
    path.write_text(edit)
    assert code_digest(["reprise.a"], source) == before
    path.write_text(edit.replace("1", "2"))
    assert code_digest(["reprise.a"], source) != before


def write(source, **files):
    for name, text in files.items():
        path = source / "reprise" / name.replace("__", "/", 1)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_what_a_module_reads_beside_itself_belongs_to_it_and_nothing_else_does(source):
    texts = {"d.py": 'TABLE = "table.csv"\nPAGE = "page.html"\n# "notes.md" is only mentioned\n'}
    texts |= {"table.csv": "a,b\n", "notes.md": "", "other.csv": "", "page.html": '{% extends "base.html" %}'}
    write(source, **{f"sub__{name}": text for name, text in texts.items()})
    for name in ("base.html", "unused.html", "table.csv.bak"):
        (source / "reprise" / "sub" / name).write_text("")
    (source / "reprise" / "sub" / "templates").mkdir()
    (source / "reprise" / "sub" / "templates" / "base.html").write_text("<style>")
    found = [name for name in names(closure(["reprise.a"], source), source) if not name.endswith(".py")]
    assert found == ["sub/page.html", "sub/table.csv", "sub/templates/base.html"]


def test_a_table_of_another_package_is_not_taken_for_a_modules_own(source):
    write(source, **{"a.py": 'NAME = "README.md"\n', "sub__README.md": "# Of a package below"})
    assert names(closure(["reprise.a"], source), source) == ["__init__.py", "a.py"]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("python -m reprise.stages.prepare cifar", {"data/cifar.py"}),
        ("python -m reprise.stages.train rotation raw", {"studies/rotation/train.py", "studies/rotation/settings.py"}),
        ("python -m reprise.stages.probe rotation raw", {"studies/rotation/train.py", "studies/rotation/probe.py"}),
        ("python -m reprise.stages.evaluate rotation", {"studies/rotation/evaluate.py", "studies/rotation/README.md"}),
        ("python -m reprise.stages.ledger", {"claims/catalogue.csv", "claims/ledger.py"}),
        ("python -m reprise.stages.report", {"report/templates/study.html", "report/templates/style.css"}),
    ],
)
def test_a_stage_command_names_its_files(root, command, expected):
    found = set(names(stage_files(command, root / "src"), root / "src"))
    assert expected <= found
    assert ("studies/rotation/evaluate.py" in found) == ("evaluate" in command)
    assert "studies/unitnorm/train.py" not in found


def test_a_command_of_another_program_is_refused():
    with pytest.raises(ValueError, match="python -m reprise"):
        stage_files("rm -rf .")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a mapping with stages"),
        ("stages: 3\n", "expected a mapping with stages"),
        ("stages: [\n", "not valid YAML"),
        ("stages: {a: null}\n", "stage a: expected a mapping with cmd"),
        ("stages: {a: {deps: [x]}}\n", "stage a: expected a mapping with cmd"),
        ("stages: {a: {cmd: ls}}\n", "stage a: 'ls': expected `python -m reprise"),
        ("stages: {a: {cmd: python -m}}\n", "stage a: 'python -m': expected"),
        ("stages: {a: {cmd: python -m reprise.nowhere}}\n", r"stage a: reprise\.nowhere has no file"),
    ],
)
def test_a_file_that_is_no_pipeline_is_named(source, tmp_path, text, message):
    file = tmp_path / "dvc.yaml"
    file.write_text(text)
    with pytest.raises(ValueError, match=rf"dvc\.yaml: {message}"):
        write_deps([file], source, check=True)
    assert file.read_text() == text


def test_deps_are_written_once_and_keep_what_is_not_code(source, tmp_path):
    (source / "reprise" / "stages").mkdir()
    (source / "reprise" / "stages" / "__init__.py").write_text("")
    (source / "reprise" / "stages" / "ledger.py").write_text("import reprise.sub.d\n")
    file = tmp_path / "dvc.yaml"
    file.write_text(
        "# kept\nstages:\n  ledger:\n    cmd: python -m reprise.stages.ledger\n    deps:\n"
        "      - data/evidence\n      - src/reprise/gone.py\n"
    )
    import os

    here = os.getcwd()
    os.chdir(tmp_path)
    try:
        from pathlib import Path

        assert write_deps([file], Path("src"), check=True) == [file]
        assert write_deps([file], Path("src")) == [file]
        assert write_deps([file], Path("src")) == []
    finally:
        os.chdir(here)
    text = file.read_text()
    assert text.startswith("# kept")
    assert "- data/evidence" in text
    assert "- src/reprise/sub/d.py" in text
    assert "gone" not in text
