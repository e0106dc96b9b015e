"""The command line: help at once, errors in one line, and each command's work on small inputs."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import reprise as package
from reprise.data import sets
from reprise.data.fetch import SETS as ADDRESSES
from reprise.stages.running import stage

HEAVY = ("torch", "pytorch_lightning", "mlflow", "pandas", "dvc", "scipy", "sklearn", "skimage", "matplotlib", "numpy")
HELP = f"""
import sys
from typer.main import get_command
from typer.testing import CliRunner
from reprise.cli import app

def walk(command, words):
    yield words
    for name, child in getattr(command, "commands", {{}}).items():
        yield from walk(child, [*words, name])

pages = 0
for words in walk(get_command(app), []):
    if words == ["dvc"]:
        continue  # hands all its words to DVC, --help too
    result = CliRunner().invoke(app, [*words, "--help"])
    assert result.exit_code == 0 and "Usage" in result.output, (words, result.output)
    pages += 1
print(pages, *[name for name in {HEAVY!r} if name in sys.modules])
"""


def reprise(*arguments: object, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reprise.cli", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, env=os.environ | {"COLUMNS": "200"}, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_every_help_page_comes_without_any_heavy_import(root):
    done = subprocess.run([sys.executable, "-c", HELP], cwd=root, capture_output=True, text=True, check=True)
    pages, *heavy = done.stdout.split()
    assert heavy == []
    assert int(pages) >= 17


FLOW = """
import inspect, textwrap
from typer.main import get_command
from typer.testing import CliRunner
from reprise.cli import app

def walk(command, words):
    yield words, command
    for name, child in getattr(command, "commands", {}).items():
        yield from walk(child, [*words, name])

for words, command in walk(get_command(app), []):
    if words == ["dvc"]:
        continue
    said = [line.rstrip() for line in CliRunner().invoke(app, [*words, "--help"]).output.splitlines()]
    for paragraph in inspect.cleandoc(command.help).split("\\n\\n"):
        lines = textwrap.wrap(" ".join(paragraph.split()), WIDTH - 2, break_on_hyphens=False)
        at = said.index(f" {lines[0]}")
        assert said[at : at + len(lines) + 1] == [*(f" {line}" for line in lines), ""], (words, said)
print("all of them")
"""


@pytest.mark.parametrize("width", [80, 100])
def test_a_paragraph_of_help_is_broken_at_the_terminals_end_alone(root, width):
    environment = os.environ | {"COLUMNS": str(width), "TERMINAL_WIDTH": str(width)}
    command = [sys.executable, "-c", FLOW.replace("WIDTH", str(width))]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert done.stdout == "all of them\n", done.stderr


def test_no_arguments_show_the_help(tmp_path):
    done = reprise(cwd=tmp_path, code=2)
    assert "duplicates" in done.stdout + done.stderr


@pytest.fixture
def photos(tmp_path):
    """Three pictures, two of them nearly the same; the masks of these two contradict each other."""
    rng = np.random.default_rng(0)
    first, other = rng.integers(0, 256, (2, 60, 80)).astype(np.uint8)
    near = first.copy()
    near[0, 0] ^= 1
    mask = np.zeros((60, 80), np.uint8)
    mask[20:40, 20:40] = 255
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    for name, image, label in (("a_1", first, mask), ("a_2", near, 0 * mask), ("b_1", other, mask)):
        Image.fromarray(image).save(tmp_path / "images" / f"{name}.png")
        Image.fromarray(label).save(tmp_path / "masks" / f"{name}.png")
    return tmp_path


def test_duplicates_writes_the_pairs_and_what_contradicts(photos):
    done = reprise("duplicates", "images", "--masks", "masks", "--out", "pairs.csv", "--sheet", "pairs.png", cwd=photos)
    assert "1" in done.stdout
    with (photos / "pairs.csv").open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert list(row) == ["image_a", "image_b", "distance", "inconsistent"]
    assert {Path(row["image_a"]).stem, Path(row["image_b"]).stem} == {"a_1", "a_2"}
    assert float(row["distance"]) < 0.008
    assert row["inconsistent"].lower() in ("1", "true", "yes")
    assert Image.open(photos / "pairs.png").size[0] > 80
    reprise("duplicates", "images", "--out", "plain.csv", "--scope", "subject", cwd=photos)
    with (photos / "plain.csv").open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["inconsistent"] == ""


def test_calibration_reads_logits_and_prints_each_method(tmp_path):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 300)
    logits = 4 * (np.eye(3)[labels] + rng.normal(0, 1, (300, 3)))
    fit, test = slice(150), slice(150, None)
    arrays = {"val_logits": logits[fit], "val_labels": labels[fit], "logits": logits[test], "labels": labels[test]}
    np.savez(tmp_path / "p.npz", **arrays)
    found = json.loads(reprise("calibration", "p.npz", "--json", "--out", "diagrams", cwd=tmp_path).stdout)
    assert (found["fitted"], found["measured"], found["classes"]) == (150, 150, 3)
    assert len(found["rows"]) >= 7
    assert all(row["ece"] is None or 0 <= row["ece"] <= 1 for row in found["rows"])
    assert (tmp_path / "diagrams" / "reliability.png").is_file()
    assert "temperature" in reprise("calibration", "p.npz", cwd=tmp_path).stdout.lower()
    assert "1000" in reprise("calibration", "p.npz", "--bins", 10**9, cwd=tmp_path, code=2).stderr


def test_a_submission_is_read_back(tmp_path):
    (tmp_path / "submission.csv").write_text("img,pixels\n1,1 3 10 2\n2,\n")
    said = reprise("submission", "--check", "submission.csv", cwd=tmp_path).stdout
    assert said.strip() == "submission.csv: 2 images of 420 x 580, 1 with a mask"
    said = reprise("submission", "--check", "submission.csv", "--size", "3x4", cwd=tmp_path).stdout
    assert said.strip() == "submission.csv: 2 images of 3 x 4, 1 with a mask"
    assert (
        "HEIGHTxWIDTH" in reprise("submission", "--check", "submission.csv", "--size", "3", cwd=tmp_path, code=1).stderr
    )


def test_a_bad_picture_is_named_counted_and_no_failure_unless_nothing_is_left(photos):
    (photos / "images" / "b_2\x1b[2J.png").write_text("no image")
    done = reprise("duplicates", "images", "--out", "pairs.csv", cwd=photos)
    assert "b_2\\x1b[2J.png: is not an image" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert "1 file cannot be used and was left out" in done.stdout
    assert (photos / "pairs.csv").read_text().count("\n") == 2
    for path in (photos / "images").iterdir():
        path.write_bytes(b"")
    assert "4 files cannot be used" in reprise("duplicates", "images", cwd=photos, code=1).stderr


def test_too_many_pairs_fail_and_say_what_to_do(photos):
    done = reprise("duplicates", "images", "--most-pairs", 0, "--out", "pairs.csv", cwd=photos, code=1)
    assert "--most-pairs 0" in done.stderr
    assert not (photos / "pairs.csv").exists()


def test_the_help_says_how_masks_are_read_what_is_left_out_and_what_the_csv_holds(tmp_path):
    said = " ".join(reprise("duplicates", "--help", cwd=tmp_path).stdout.split())
    for words in ("black is background", "16 of 255", "refused", "--most-pairs", "without --strict", "a formula"):
        assert words in said


def test_set_keeps_comments_and_check_validates(smoke):
    before = (smoke / "params.yaml").read_text()
    reprise("set", "scale=full", "data.source=real", cwd=smoke)
    after = (smoke / "params.yaml").read_text()
    comments = [[line.partition("#")[2] for line in text.splitlines()] for text in (before, after)]
    assert comments[0] == comments[1]
    assert (before.count("scale: smoke"), after.count("scale: full")) == (1, 1)
    said = reprise("check", cwd=smoke).stdout
    assert "scale full: valid" in said


LEDGER_ROW = {
    "id": 79, "source": "s", "chapter": "c", "claim": "U-Net scores", "states": "x", "study": "ultrasound",
    "verdict": "reproduced", "measures": "dice", "variant": "", "effect": 0.5, "interval": [0.4, 0.6], "unit": "dice",
    "expected": "> 0", "band": {"low": 0.0, "high": None, "closed": False}, "expectation": "e", "n": 10, "seeds": 2,
    "data": "10 frames", "data_source": "real", "scale": "smoke", "defects": [], "findings": [], "note": "",
    "kind": "measured", "planned": 2, "power": 0.8, "declared": "0123456789abcdef", "changed": [],
}  # fmt: skip


def test_ledger_prints_rows_as_a_table_and_as_json(tmp_path):
    (tmp_path / "reports").mkdir()
    rows = [LEDGER_ROW, LEDGER_ROW | {"id": 80, "study": "", "verdict": "untested", "effect": None, "interval": None}]
    (tmp_path / "reports" / "ledger.json").write_text(json.dumps(rows))
    shown = json.loads(reprise("ledger", "--json", cwd=tmp_path).stdout)
    assert [row["id"] for row in shown] == [79, 80]
    only = json.loads(reprise("ledger", "--json", "--verdict", "reproduced", cwd=tmp_path).stdout)
    assert [row["id"] for row in only] == [79]
    table = reprise("ledger", cwd=tmp_path).stdout
    assert "reproduced" in table
    assert "ultrasound" in table


def test_gate_passes_what_is_unchanged_and_fails_a_regression(tmp_path):
    identity = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false"]
    metrics = tmp_path / "reports" / "metrics.json"
    metrics.parent.mkdir()
    entry = {"value": 0.5, "spread": 0.01, "n": 3, "better": "higher"}
    metrics.write_text(json.dumps({"study": {"dice": entry}}))
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    assert "| study.dice |" in reprise("gate", "--against", "HEAD", cwd=tmp_path).stdout
    metrics.write_text(json.dumps({"study": {"dice": entry | {"value": 0.3}}}))
    assert "**regression**" in reprise("gate", cwd=tmp_path, code=1).stdout


def test_deps_are_checked_and_written(root, tmp_path):
    shutil.copytree(root / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    stage = "stages:\n  ledger:\n    cmd: python -m reprise.stages.ledger\n    deps:\n      - data/evidence\n"
    (tmp_path / "dvc.yaml").write_text(stage)
    assert "dvc.yaml" in reprise("deps", "--check", cwd=tmp_path, code=1).stdout
    assert (tmp_path / "dvc.yaml").read_text() == stage
    reprise("deps", cwd=tmp_path)
    assert "src/reprise/claims/ledger.py" in (tmp_path / "dvc.yaml").read_text()
    assert reprise("deps", "--check", cwd=tmp_path).stdout.strip() == "up to date"


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_data_sets_are_listed_with_their_whole_folders(root, monkeypatch, capsys, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    sets.show_sets(Path("data/raw"))
    shown = capsys.readouterr().out
    assert all(f" data/raw/{name} " in shown for name in sets.SETS)


def test_what_can_be_fetched_is_listed_and_what_cannot_says_how_it_is_had(tmp_path):
    assert ADDRESSES.keys() < sets.SETS.keys()
    with pytest.raises(ValueError, match="ultrasound cannot be downloaded: register with Kaggle"):
        sets.fetch_set("ultrasound", tmp_path)
    for refuse in (sets.fetch_set, sets.check_set):
        with pytest.raises(ValueError, match=r"no data set 'mnits' \(did you mean 'mnist'\?\)"):
            refuse("mnits", tmp_path)
    with pytest.raises(FileNotFoundError, match="`reprise data fetch mnist` downloads them"):
        sets.check_set("mnist", tmp_path)
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "train-labels-idx1-ubyte").touch()
    with pytest.raises(ValueError, match=r"train-labels-idx1-ubyte: truncated"):
        sets.check_set("mnist", tmp_path)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["duplicates", "nowhere"], "nowhere"),
        (["calibration", "nowhere.npz"], "nowhere.npz"),
        (["submission"], "params.yaml"),
        (["ledger"], "ledger.json"),
        (["gate"], "gate"),
        (["check"], "params.yaml"),
        (["set", "scale"], "KEY=VALUE"),
        (["set", "scale=full"], "params.yaml"),
        (["deps"], "dvc.yaml"),
        (["repro", "-j", "2"], "DVC repository"),
        (["keep", "elsewhere"], "reports/full"),
        (["track", "sync"], "params.yaml"),
        (["data", "check", "nothing"], "nothing"),
        (["data", "fetch", "nothing"], "nothing"),
    ],
)
def test_errors_are_one_line_that_names_what_is_wrong(tmp_path, arguments, named):
    done = reprise(*arguments, cwd=tmp_path, code=1)
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert named in lines[0]


def test_what_cannot_be_read_or_written_is_one_line_that_names_the_path(tmp_path):
    (tmp_path / "params.yaml").mkdir()
    np.savez(tmp_path / "p.npz", logits=np.eye(3)[[0, 1, 2] * 9], labels=[0, 1, 2] * 9)
    for arguments, path, start in (
        (["check"], "params.yaml", "reprise: params.yaml: not an ordinary file"),
        (["set", "scale=full"], "params.yaml", "reprise: params.yaml: not an ordinary file"),
        (["calibration", "p.npz", "--out", "p.npz/x"], "p.npz/x", "reprise: p.npz/x"),
    ):
        done = reprise(*arguments, cwd=tmp_path, code=1)
        assert [path in line for line in done.stderr.splitlines() if line.startswith(start)] == [True]
    (tmp_path / "reports" / "metrics.json").mkdir(parents=True)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    assert len(reprise("gate", cwd=tmp_path, code=1).stderr.splitlines()) == 1


def test_a_stage_ends_in_one_line_where_its_place_is_not_writable(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit), stage("train", "study"):
        raise PermissionError(13, "Permission denied", "data/runs/study")
    assert capsys.readouterr().err == "train study: [Errno 13] Permission denied: 'data/runs/study'\n"


def test_a_user_without_a_home_is_told_so_in_one_line(tmp_path):
    code = "from pathlib import Path; from reprise import cli; cli.app = Path('~nobody-here').expanduser; cli.main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "set HOME" in done.stderr


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        ("MemoryError('Unable to allocate 37 GiB')", "Unable to allocate 37 GiB"),
        ("MemoryError()", "MemoryError"),
        ("RuntimeError('DefaultCPUAllocator: can\\'t allocate memory')", "can't allocate memory"),
    ],
)
def test_memory_that_runs_out_is_one_line_with_the_file_that_was_given(tmp_path, raised, said):
    (tmp_path / "big.json").touch()
    code = f"import sys; from reprise import cli\ndef fail(): raise {raised}\ncli.app = fail; cli.main()"
    command = [sys.executable, "-c", code, "big.json", "--masks"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert done.stderr.startswith("reprise: big.json: not enough memory (")
    assert said in done.stderr


def test_the_version_is_that_of_the_installed_package(tmp_path):
    assert reprise("--version", cwd=tmp_path).stdout == f"reprise {metadata.version('reprise')}\n"
    assert package.__version__ == metadata.version("reprise")
    with pytest.raises(AttributeError, match="no attribute 'version'"):
        _ = package.version


def test_a_closed_pipe_is_quiet(tmp_path):
    rows = [LEDGER_ROW | {"id": i} for i in range(2000)]  # more than a pipe holds
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "ledger.json").write_text(json.dumps(rows))
    command = f"{sys.executable} -m reprise.cli ledger --json | head -1"
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[\n", "")


def test_a_misspelt_key_names_the_right_one(smoke):
    assert "did you mean 'scale'?" in reprise("set", "scal=full", cwd=smoke, code=1).stderr
    params = smoke / "pipelines" / "ultrasound" / "params.yaml"
    params.write_text(params.read_text().replace("split_seed:", "split_sed:"))
    assert "did you mean 'split_seed'?" in reprise("check", cwd=smoke, code=1).stderr
