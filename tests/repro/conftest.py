"""Small pipelines of small stages, run by the real DVC."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# step.py OUT SECONDS [SOURCE...]: sleeps, writes OUT, notes when. What the file `fail` names fails.
STEP = """
import sys, time
from pathlib import Path

out, seconds, *sources = sys.argv[1:]
start = time.time()
print("working on", out, flush=True)
time.sleep(float(seconds))
if Path("fail").exists() and out in Path("fail").read_text().split():
    print("there is no such thing as", out, file=sys.stderr)
    sys.exit(3)
Path(out).write_text(out + "".join(Path(source).read_text() for source in sources))
with open("times.txt", "a") as stream:
    stream.write(f"{out} {start} {time.time()}\\n")
"""
REPRO = "import sys; from reprise.repro.command import repro; sys.exit(repro(sys.argv[2:], int(sys.argv[1])))"


def _heard() -> None:
    """Under nohup the suite ignores a hang-up, and what it starts would too."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Toy:
    """A DVC repository with step.py, which is the current folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[str]] = []

    def write(self, *stages: str, file: str = "dvc.yaml") -> None:
        """Writes a dvc.yaml."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("stages:\n" + "".join(stages))

    @staticmethod
    def stage(name: str, seconds: float = 0.0, *sources: str, more: str = "", cmd: str = "") -> str:
        """A stage of ./dvc.yaml that makes NAME.txt from SOURCE.txt... in so many seconds."""
        cmd = cmd or " ".join([f"python step.py {name}.txt {seconds}", *(f"{source}.txt" for source in sources)])
        deps = "".join(f"      - {source}.txt\n" for source in sources)
        return (
            f"  {name}:\n    cmd: {cmd}\n"
            + (f"    deps:\n{deps}" if deps else "")
            + (f"    {more}\n" if more else "")
            + f"    outs:\n      - {name}.txt\n"
        )

    def start(self, *targets: str, jobs: int = 1) -> subprocess.Popen[str]:
        """Starts a repro in a process of its own."""
        command = [sys.executable, "-c", REPRO, str(jobs), *targets]
        scratch = os.environ | {"TMPDIR": str(self.folder.parent)}
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=scratch, preexec_fn=_heard)
        self.processes.append(process)
        return process

    def spans(self) -> dict[str, tuple[float, float]]:
        """When each stage began and ended, by its output, in the order of the ends."""
        path = self.folder / "times.txt"
        rows = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
        return {name: (float(start), float(end)) for name, start, end in rows}

    @staticmethod
    def until(true: Callable[[], object], seconds: float = 60.0) -> None:
        """Waits for something; fails where it does not come."""
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, "it never happened"
            time.sleep(0.02)


@pytest.fixture(scope="session")
def empty(tmp_path_factory) -> Path:
    """A DVC repository without stages."""
    folder = tmp_path_factory.mktemp("empty") / "toy"
    folder.mkdir()
    (folder / "step.py").write_text(STEP)
    subprocess.run(["dvc", "init", "--quiet", "--no-scm"], cwd=folder, check=True)
    subprocess.run(["dvc", "config", "core.analytics", "false"], cwd=folder, check=True)
    return folder


@pytest.fixture
def toy(empty, tmp_path, monkeypatch) -> Iterator[Toy]:
    folder = tmp_path / "toy"
    shutil.copytree(empty, folder)
    monkeypatch.chdir(folder)
    made = Toy(folder)
    yield made
    for process in made.processes:
        if process.poll() is None:
            process.kill()
            process.communicate()
