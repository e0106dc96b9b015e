"""A stage forked from the warm process is the stage that would have run by itself."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.conftest import ROOT, copy_params

from reprise.config import set_value

SHOW = '''"""A stage for the tests."""
import os, sys, time
from pathlib import Path
import reprise

print("out", os.getcwd(), *sys.argv[1:], os.environ.get("SHOWN", "none"), Path(reprise.__file__).parent.parent)
print("err", "pytorch_lightning" in sys.modules, "REPRISE_WARM" in os.environ, file=sys.stderr)
what = sys.argv[1]
if what == "sleep":
    Path("pid").write_text(str(os.getpid()))
    time.sleep(60)
if what == "raise":
    raise RuntimeError("broken on purpose")
if what == "exit":
    raise SystemExit(int(sys.argv[2]))
if what == "text":
    raise SystemExit("a reason")
'''


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    """The socket of a warm process, and a copy of the package with a stage that shows where it runs."""
    folder = tmp_path_factory.mktemp("warm")
    with serving(folder):
        yield folder


@contextmanager
def serving(folder, **more):
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "src" / "reprise" / "stages" / "show.py").write_text(SHOW)
    socket = folder / "socket"
    command = [sys.executable, "-m", "reprise.warm", str(socket)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, env=os.environ | {"OMP_NUM_THREADS": "1"} | more)
    deadline = time.monotonic() + 120
    while not socket.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield
    process.stdin.close()
    assert process.wait(10) == 0


def environment(warm, used=True):
    more = {"PYTHONPATH": str(warm / "src"), "SHOWN": "yes"} | ({"REPRISE_WARM": str(warm / "socket")} if used else {})
    return os.environ | more


def show(warm, *arguments, used=True, **options):
    command = [sys.executable, "-m", "reprise.stages.show", *arguments]
    return subprocess.Popen(
        command,
        cwd=warm,
        env=environment(warm, used),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.mark.parametrize(("arguments", "code"), [(["go", "a b"], 0), (["exit", "3"], 3), (["text"], 1), (["raise"], 1)])
def test_it_prints_and_ends_as_it_would_by_itself(warm, arguments, code):
    (out, err), (plain_out, plain_err) = (show(warm, *arguments, used=used).communicate() for used in (True, False))
    assert out == plain_out == f"out {warm} {' '.join(arguments)} yes {warm / 'src'}\n"
    assert err.splitlines()[0] == "err True False"
    assert plain_err.splitlines()[0] == "err False False"
    assert err.splitlines()[-1:] == plain_err.splitlines()[-1:] or code == 0 or code == 3
    process = show(warm, *arguments)
    process.communicate()
    assert process.returncode == code


def test_the_projects_own_code_is_as_it_stands_and_not_as_it_was(warm):
    path = warm / "src" / "reprise" / "stages" / "show.py"
    path.write_text(SHOW.replace('print("out"', 'print("changed"'))
    try:
        assert show(warm, "go").communicate()[0].startswith("changed ")
    finally:
        path.write_text(SHOW)


def started(warm):
    (warm / "pid").unlink(missing_ok=True)
    process = show(warm, "sleep", start_new_session=True)
    deadline = time.monotonic() + 30
    while not ((warm / "pid").exists() and (warm / "pid").read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process, int((warm / "pid").read_text())


def gone(pid):
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_to_the_stage_ends_the_fork(warm, number):
    process, pid = started(warm)
    assert pid != process.pid
    os.kill(process.pid, number)
    assert gone(pid)
    process.communicate()
    assert process.returncode == (130 if number == signal.SIGINT else -number)


def test_a_fork_that_is_killed_is_seen(warm):
    process, pid = started(warm)
    os.kill(pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def test_without_a_warm_process_a_stage_imports_for_itself(warm, tmp_path):
    (tmp_path / "nobody").touch()
    for address in ("", str(tmp_path / "missing"), str(tmp_path / "nobody")):
        process = subprocess.run(
            [sys.executable, "-m", "reprise.stages.show", "go"],
            cwd=warm, env=environment(warm) | {"REPRISE_WARM": address}, capture_output=True, text=True,
        )  # fmt: skip
        assert (process.returncode, process.stderr.split()[1]) == (0, "False")


def test_a_library_that_is_missing_leaves_the_others_warm(tmp_path):
    missing = tmp_path / "without" / "mlflow"
    missing.mkdir(parents=True)
    (missing / "__init__.py").write_text("raise ModuleNotFoundError('no MLflow here', name='mlflow')")
    with serving(tmp_path, PYTHONPATH=str(missing.parent)):
        out, said = show(tmp_path, "go").communicate()
    assert (out.split()[0], said.split()) == ("out", ["err", "True", "False"])


def test_many_at_once_do_not_mix(warm):
    processes = {str(i): show(warm, "go", str(i)) for i in range(12)}
    for name, process in processes.items():
        assert process.communicate()[0].split()[2:4] == ["go", name]


def test_training_writes_the_same_bytes(warm, tmp_path):
    """Fork or not, the weights and predictions are the same."""
    found = []
    for used in (True, False):
        folder = tmp_path / str(used)
        folder.mkdir()
        copy_params(folder, "unitnorm")
        set_value(folder, "scale=smoke", "training.accelerator=cpu")
        for stage in (["prepare", "cifar"], ["train", "unitnorm", "conv"]):
            command = [sys.executable, "-m", f"reprise.stages.{stage[0]}", *stage[1:]]
            subprocess.run(command, cwd=folder, env=environment(warm, used), check=True)
        found.append({p.name: p.read_bytes() for p in Path(folder, "data/runs/unitnorm/conv").iterdir()})
    assert found[0] == found[1]
