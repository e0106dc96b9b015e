"""What DVC believes about the pipeline is true: deps name all code, locks fit params and code. No data is needed."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ruamel.yaml import YAML

from reprise.closure import write_deps
from reprise.registry import has_part
from reprise.workspace import Workspace


def pipeline_files(root: Path) -> list[Path]:
    return [root / "dvc.yaml", *sorted((root / "pipelines").glob("*/dvc.yaml"))]


def stages(root: Path) -> dict[str, object]:
    """Every stage, matrices written out, by its address."""
    from dvc.repo import Repo

    with Repo(root) as repo:
        return {stage.addressing: stage for stage in repo.index.stages}


def test_deps_name_the_whole_import_closure_of_every_stage(root, monkeypatch):
    monkeypatch.chdir(root)
    files = [path.relative_to(root) for path in pipeline_files(root)]
    assert len(files) >= 2
    changed = write_deps(files, check=True)
    assert changed == [], f"{', '.join(map(str, changed))}: run `reprise deps`"


def test_every_dep_is_a_tracked_file_or_the_output_of_another_stage(tracked):
    found = stages(tracked)
    assert len(found) >= 10
    made = [Path(out.fs_path) for stage in found.values() for out in stage.outs]
    missing = []
    for address, stage in found.items():
        for dep in stage.deps:
            path = Path(dep.fs_path)
            if path.exists() or any(out == path or path in out.parents or out in path.parents for out in made):
                continue
            missing.append(f"{address}: {path.relative_to(tracked)}")
    assert missing == [], "neither in git nor made by a stage"


def test_no_two_outputs_overlap_and_every_study_has_its_stages(tracked):
    """Every study is evaluated, every variant of it trained, and asked where it has a probe."""
    found = stages(tracked)
    made = {Path(out.fs_path).relative_to(tracked).as_posix() for stage in found.values() for out in stage.outs}
    params = Workspace("", tracked).params
    assert params.studies
    for study in params.studies:
        assert f"data/evidence/{study}" in made, f"no stage evaluates {study}"
        for variant in getattr(params.study(study), "variants", {}):
            assert f"data/runs/{study}/{variant}" in made, f"no stage trains {study} {variant}"
            if has_part(study, "probe"):
                assert f"data/probes/{study}/{variant}" in made, f"no stage asks {study} {variant}"


def test_every_param_that_a_stage_watches_exists(tracked):
    missing = []
    for address, stage in stages(tracked).items():
        for watched in stage.params:
            node_of_file = YAML(typ="safe").load(Path(watched.fs_path).read_text(encoding="utf-8"))
            for key in watched.params:
                node = node_of_file
                for part in key.split("."):
                    node = node.get(part, KeyError) if isinstance(node, dict) else KeyError
                if node is KeyError:
                    missing.append(f"{address}: {key}")
    assert missing == []


def test_a_stage_watches_no_parameters_of_another_study(tracked):
    for address, stage in stages(tracked).items():
        folder = Path(stage.path_in_repo).parent
        files = {Path(watched.fs_path).relative_to(tracked) for watched in stage.params}
        assert files <= {Path("params.yaml"), folder / "params.yaml"}, address


def test_locks_params_and_code_agree(tracked):
    """`dvc repro` on a fresh clone would run nothing: the results in git are those of this code and these params."""
    absent = [path.with_suffix(".lock") for path in pipeline_files(tracked) if not path.with_suffix(".lock").is_file()]
    names = ", ".join(str(path.relative_to(tracked)) for path in absent)
    assert not absent, f"{names}: not in git; commit it after a full `dvc repro`"
    command = ["dvc", "repro", "--dry", "--allow-missing"]
    done = subprocess.run(command, cwd=tracked, capture_output=True, text=True, check=False)
    would_run = [line for line in done.stdout.splitlines() if line.startswith("Running stage")]
    advice = "code or params changed since the results were made: `dvc repro`, then commit the locks and reports"
    assert (done.returncode, would_run) == (0, []), f"{advice}\n{done.stdout}{done.stderr}"
