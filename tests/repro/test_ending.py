"""Ctrl-C and SIGTERM end everything within five seconds, leave no lock, and what was finished stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

STUBBORN = """
import os, signal, subprocess, sys, time

if "away" in sys.argv:  # leaves its session and its parent
    if os.fork():
        os._exit(0)
    os.setsid()
else:
    subprocess.Popen([sys.executable, __file__, "away"]).wait()
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
with open("pids", "a") as stream:
    stream.write(f"{os.getpid()}\\n")
time.sleep(600)
"""


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def entries(folder: Path) -> list[object]:
    path = folder / ".dvc" / "tmp" / "rwlock"
    return [entry for entry in json.loads(path.read_text()).values() if entry] if path.exists() else []


def line_that(process: subprocess.Popen[str], says: str) -> str:
    for line in process.stderr:
        if says in line:
            return line
    raise AssertionError(f"it never said {says!r}")


def ended(process: subprocess.Popen[str], number: int, times: int = 1) -> tuple[float, str]:
    """Sends a signal; how long it took until all was over, and what was said."""
    below = psutil.Process(process.pid).children(recursive=True)
    start = time.monotonic()
    for _ in range(times):
        process.send_signal(number)
        time.sleep(0.2)
    said = process.communicate(timeout=30)[1]
    seconds = time.monotonic() - start
    assert process.returncode == 128 + number
    assert [each for each in below if alive(each.pid)] == []
    return seconds, said


@pytest.mark.parametrize(
    ("number", "name"), [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM"), (signal.SIGHUP, "SIGHUP")]
)
def test_a_signal_ends_all_of_it_within_five_seconds_and_the_next_run_goes_on(toy, number, name):
    toy.write(toy.stage("first"), toy.stage("second", 600, "first"), toy.stage("third", 600, "first"))
    run = toy.start("second", "third", jobs=2)
    line_that(run, "start: second" if number == signal.SIGINT else "start: third")
    seconds, said = ended(run, number)
    assert seconds < 5
    assert "ending " in said
    last = said.splitlines()[-1]
    assert last == (
        f"ended by {name}: 1 of 3 stages are done and stay so; "
        "`make` or `reprise repro -j 2 second third` goes on, training from its last epoch"
    )
    assert entries(toy.folder) == []
    if number == signal.SIGINT:
        (toy.folder / "step.py").write_text((toy.folder / "step.py").read_text().replace("float(seconds)", "0"))
        again = toy.start("second", "third", jobs=2)
        assert "2 stages to do, 1 up to date" in again.communicate()[1]
        assert again.returncode == 0
        assert set(toy.spans()) == {"first.txt", "second.txt", "third.txt"}


@pytest.mark.parametrize(("times", "within"), [(1, 5.0), (2, 2.0)])
def test_what_ignores_signals_and_left_its_session_is_killed_and_a_second_ctrl_c_kills_at_once(toy, times, within):
    (toy.folder / "stubborn.py").write_text(STUBBORN)
    toy.write(toy.stage("first", cmd="python stubborn.py"))
    run = toy.start()
    pids = toy.folder / "pids"
    toy.until(lambda: pids.exists() and pids.read_text().count("\n") == 2)
    seconds, said = ended(run, signal.SIGINT, times)
    assert seconds < within
    assert "ended by Ctrl-C" in said
    assert [pid for pid in map(int, pids.read_text().split()) if alive(pid)] == []
    assert entries(toy.folder) == []


def test_it_ends_while_the_pipeline_is_read(toy):
    toy.write(toy.stage("first", 600))
    run = toy.start()
    toy.until(lambda: any("plan" in each.cmdline() for each in psutil.Process(run.pid).children()))
    seconds, said = ended(run, signal.SIGTERM)
    assert seconds < 5
    assert said.startswith("ended by SIGTERM: `make` or `reprise repro` goes on")
    assert entries(toy.folder) == []


def test_it_ends_while_it_waits_for_a_lock_and_leaves_that_alone(toy):
    toy.write(toy.stage("first"))
    (toy.folder / ".dvc" / "tmp").mkdir(exist_ok=True)
    holder = subprocess.Popen(["sh", "-c", "sleep 600; : dvc add first.txt"])
    entry = {str(toy.folder / "first.txt"): {"pid": holder.pid, "cmd": "dvc add first.txt"}}
    time.sleep(0.1)
    (toy.folder / ".dvc" / "tmp" / "rwlock").write_text(json.dumps({"write": entry}))
    try:
        run = toy.start()
        line_that(run, "waits for process")
        seconds, _ = ended(run, signal.SIGINT)
        assert seconds < 5
        assert entries(toy.folder) == [entry]
    finally:
        holder.kill()
        holder.wait()


def test_a_killed_scheduler_leaves_locks_that_the_next_run_takes_over(toy):
    toy.write(toy.stage("first", 600))
    run = toy.start()
    line_that(run, "start: first")
    below = psutil.Process(run.pid).children(recursive=True)
    run.kill()
    for each in below:
        each.kill()
    run.communicate()
    assert entries(toy.folder) != []
    (toy.folder / "step.py").write_text((toy.folder / "step.py").read_text().replace("float(seconds)", "0"))
    again = toy.start()
    said = again.communicate()[1]
    assert again.returncode == 0, said
    assert "is gone; its lock is removed" in said
    assert entries(toy.folder) == []


def test_ctrl_z_stops_the_stages_too(toy):
    counter = "import time\nfor i in range(600):\n    open('count', 'a').write('x')\n    time.sleep(0.05)\n"
    (toy.folder / "counter.py").write_text(counter)
    toy.write(toy.stage("first", cmd="python counter.py"))
    run = toy.start()
    count = toy.folder / "count"
    toy.until(count.exists)
    run.send_signal(signal.SIGTSTP)
    toy.until(lambda: psutil.Process(run.pid).status() == psutil.STATUS_STOPPED)
    time.sleep(0.2)
    before = count.stat().st_size
    time.sleep(0.5)
    assert count.stat().st_size == before
    os.kill(run.pid, signal.SIGCONT)
    toy.until(lambda: count.stat().st_size > before)
    ended(run, signal.SIGTERM)
