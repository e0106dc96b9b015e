"""MLflow never holds training up for longer than is stated, says so once, and the next sync makes it whole."""

from __future__ import annotations

import fcntl
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from tests.conftest import read_only

from reprise import live
from reprise import locked as locking
from reprise.files import write_json, write_text
from reprise.tracker import Tracker, TrackingError, database
from reprise.tracking import initialise, sync, track_training
from reprise.workspace import Workspace

EPOCHS, SEEDS = 4, 2
ODD = ["a%2Fb", "a?b", "a#b", "a b", "ü", "a%b", "a&b=c;d+e@f:g", "C:\\b", "'a\"b'"]


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory) -> Path:
    """A database without runs, made in a folder whose name ends URIs and is decoded in them; it takes seconds."""
    folder = tmp_path_factory.mktemp("a") / "%2F?b#c d %s ü"
    folder.mkdir()
    assert initialise(folder).startswith("sqlite")
    assert (folder / "mlflow.db").stat().st_size > 100_000
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    return folder / "mlflow.db"


@pytest.fixture
def space(smoke, empty_database, monkeypatch) -> Workspace:
    """A study that trains, in an empty workspace with an empty database."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copy(empty_database, smoke / "mlflow.db")
    return Workspace("ultrasound", smoke)


def train(space: Workspace, during=lambda epoch: None) -> float:
    """What training does as far as tracking sees it; the seconds that all of it took."""
    settings = space.config.variants["raw"]
    begun = time.monotonic()
    with track_training(space, "raw", settings) as listener:
        rows = []
        for seed in range(SEEDS):
            log = listener(seed) if listener else None
            for epoch in range(EPOCHS):
                during(seed * EPOCHS + epoch)
                if log:
                    log(epoch, {"val_loss": 1 / (1 + epoch)})
                rows.append(f"{seed},{epoch},{1 / (1 + epoch)}")
        write_text(space.run("raw") / "history.csv", "\n".join(["seed,epoch,val_loss", *rows]) + "\n")
        record = {"parameters": 3, "precision": "32-true", "settings": settings.model_dump(mode="json")}
        write_json(space.run("raw") / "run.json", record)
    return time.monotonic() - begun


def is_whole(space: Workspace) -> bool:
    """Whether the database holds one finished run for the variant and each seed, with every epoch."""
    found = Tracker(space.root)
    runs = {run.info.run_name: run for run in found.runs(found.experiment("ultrasound"))}
    history = [found.client.get_metric_history(run.info.run_id, "val_loss") for run in runs.values()]
    return (
        set(runs) == {"raw", *(f"raw/seed-{seed}" for seed in range(SEEDS))}
        and all(run.info.status == "FINISHED" for run in runs.values())
        and all(sorted(entry.step for entry in entries) == list(range(EPOCHS)) for entries in history)
    )


def told(capfd: pytest.CaptureFixture) -> str:
    """The one line that MLflow's trouble may cost."""
    (line,) = capfd.readouterr().err.splitlines()
    assert re.fullmatch(r"MLflow: .*; training goes on without it", line)
    return line


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds an SQLite database as a process does that writes and never ends."""
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.close()


def test_undisturbed_it_is_whole_and_silent(space, capfd) -> None:
    train(space)
    assert capfd.readouterr().err == ""
    assert is_whole(space)
    assert sync(space.root) == {"made": 0, "kept": 3, "removed": 0}


@pytest.mark.parametrize("held_by", ["4711", "", "\x1b[2J"])
def test_a_lock_that_somebody_holds_is_told_and_training_goes_on(space, capfd, monkeypatch, held_by: str) -> None:
    monkeypatch.setattr(locking, "LOCKED", 0.5)
    path = space.root / "mlflow.db.lock"
    path.write_text(held_by)
    with path.open("r+") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        assert train(space) < 10
        line = told(capfd)
        assert str(path) in line
        assert ("process 4711" if held_by == "4711" else "another process") in line
        with pytest.raises(TrackingError, match=re.escape(str(path))):
            sync(space.root)
    assert sync(space.root) == {"made": 3, "kept": 0, "removed": 0}
    assert is_whole(space)


def test_a_lock_that_is_let_go_in_time_is_waited_for(space, capfd) -> None:
    holder = (space.root / "mlflow.db.lock").open("w")
    fcntl.flock(holder, fcntl.LOCK_EX)
    threading.Timer(1, holder.close).start()
    train(space)
    assert capfd.readouterr().err == ""
    assert is_whole(space)


def test_whoever_makes_a_database_is_waited_for_as_long_as_it_grows(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(locking, "LOCKED", 0.6)
    holder = (tmp_path / "mlflow.db.lock").open("w")
    fcntl.flock(holder, fcntl.LOCK_EX)

    def make() -> None:
        for _ in range(15):
            time.sleep(0.1)
            (tmp_path / "mlflow.db").write_bytes(b"")
        holder.close()

    threading.Thread(target=make).start()
    begun = time.monotonic()
    with locking.held(tmp_path / "mlflow.db.lock", tmp_path / "mlflow.db"):
        assert time.monotonic() - begun > 1.2
    monkeypatch.setattr(locking, "LONGEST", 0.2)  # however much it grows
    with (tmp_path / "mlflow.db.lock").open("r+") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        held = locking.held(tmp_path / "mlflow.db.lock", tmp_path / "mlflow.db")
        with pytest.raises(TrackingError, match="is held by"), held:
            pass


@pytest.mark.parametrize("when", [0, 1, SEEDS * EPOCHS - 1])
def test_a_database_locked_while_training_runs_costs_a_stated_time_and_one_line(
    space, capfd, monkeypatch, when: int
) -> None:
    monkeypatch.setattr(live, "HELD_UP", 1.0)
    monkeypatch.setattr(live, "CLOSING", 1.0)
    lock = locked(space.root / "mlflow.db")
    undisturbed = train(space)
    capfd.readouterr()
    seconds = train(space, lambda step: lock.__enter__() if step == when else None)
    assert seconds < undisturbed + 1.0 + 1.0 + 2 * live.USUAL + 1
    assert f"{database(space.root)} does not answer" in told(capfd)
    lock.__exit__(None, None, None)
    sync(space.root)
    assert is_whole(space)
    assert sync(space.root) == {"made": 0, "kept": 3, "removed": 0}
    assert "Traceback" not in capfd.readouterr().err


def test_a_database_locked_from_the_start_is_told_soon(space, capfd, monkeypatch) -> None:
    monkeypatch.setattr(locking, "LOCKED", 0.5)
    with locked(space.root / "mlflow.db"):
        assert train(space) < 10
        assert "database is locked" in told(capfd)
    assert sync(space.root)["made"] == 3


def test_who_has_the_database_is_named_and_waited_for(space, capfd, monkeypatch) -> None:
    monkeypatch.setattr(locking, "LOCKED", 0.5)
    program = (
        "import sqlite3; c = sqlite3.connect('mlflow.db'); c.execute('BEGIN IMMEDIATE'); print(flush=True); input()"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=space.root) as holder:
        holder.stdout.readline()
        train(space)
        who = f"process {holder.pid}" if Path("/proc/locks").exists() else "another process"
        assert f"database is locked: {who} has it" in told(capfd)
        with pytest.raises(TrackingError, match=f"{who} has it; wait until that ends"):
            sync(space.root)
        monkeypatch.setattr(locking, "LOCKED", 20)
        threading.Timer(1, holder.stdin.close).start()
        assert sync(space.root) == {"made": 3, "kept": 0, "removed": 0}
    assert is_whole(space)


def junk(path: Path) -> None:
    path.write_bytes(b"no database " * 100)


def cut(path: Path) -> None:
    with path.open("r+b") as stream:
        stream.truncate(path.stat().st_size // 2)


def scribbled(path: Path) -> None:
    with path.open("r+b") as stream:
        stream.seek(path.stat().st_size // 2)
        stream.write(b"\xff" * 50_000)


def half_made(path: Path) -> None:
    """As a kill in the middle of making it leaves it."""
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE trace_info (request_id TEXT)")
    connection.close()


def synced(space: Workspace) -> str:
    """What `reprise track sync` says on stderr: MLflow remembers in a process which databases it has opened."""
    command = [sys.executable, "-m", "reprise.cli", "track", "sync"]
    done = subprocess.run(command, cwd=space.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize(("damage", "when"), [(junk, None), (half_made, None), (cut, 3)])
def test_a_broken_database_is_told_put_aside_and_made_anew(space, capfd, damage, when: int | None) -> None:
    path = space.root / "mlflow.db"
    if when is None:
        damage(path)
    train(space, lambda step: damage(path) if step == when else None)
    assert "`reprise track sync`" in told(capfd)
    broken = path.read_bytes()
    (line,) = synced(space).splitlines()
    (aside,) = space.root.glob("mlflow.db.broken-*")
    assert f"put aside as {aside.name}, and made anew from DVC's outputs" in line
    assert aside.read_bytes() == broken
    assert is_whole(space)
    assert sync(space.root) == {"made": 0, "kept": 3, "removed": 0}


@pytest.mark.parametrize("damage", [junk, cut, scribbled])
def test_damage_anywhere_is_found(space, damage) -> None:
    path = space.root / "mlflow.db"
    locking.try_opening(path, thoroughly=True)
    damage(path)
    with pytest.raises(sqlite3.DatabaseError, match=locking.BROKEN):
        locking.try_opening(path, thoroughly=True)


def test_a_broken_database_of_somebody_elses_stays_where_it_is(space, monkeypatch) -> None:
    other = space.root / "other.db"
    junk(other)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{other}")
    with pytest.raises(TrackingError, match="file is not a database; move it away, then `reprise track sync`"):
        sync(space.root)
    assert not list(space.root.glob("*.broken-*"))


def test_what_was_put_aside_is_never_overwritten_and_takes_its_journal_along(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(locking.time, "strftime", lambda _: "now")
    for content in "ab":
        (tmp_path / "mlflow.db").write_text(content)
        (tmp_path / "mlflow.db-journal").write_text(f"journal of {content}")
        locking.put_aside(tmp_path / "mlflow.db", "why\x1b")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "mlflow.db.broken-now": "a",
        "mlflow.db.broken-now-journal": "journal of a",
        "mlflow.db.broken-now+": "b",
        "mlflow.db.broken-now+-journal": "journal of b",
    }
    assert capsys.readouterr().err.count("(why\\x1b): put aside as ") == 2


def test_a_database_deleted_while_training_runs_is_told_and_made_anew(space, capfd) -> None:
    train(space, lambda step: (space.root / "mlflow.db").unlink() if step == 3 else None)
    assert "`reprise track sync`" in told(capfd)
    assert synced(space) == ""
    assert is_whole(space)


@pytest.mark.parametrize("when", [0, 3])
def test_a_read_only_database_is_told_with_what_to_do(space, capfd, when: int) -> None:
    path = space.root / "mlflow.db"
    with ExitStack() as disks:
        if when == 0:
            disks.enter_context(read_only(path))
        train(space, lambda step: disks.enter_context(read_only(path)) if 0 < step == when else None)
        line = told(capfd)
        assert "`reprise track sync`" in line
        assert when or "`chmod u+w` it" in line
        with pytest.raises(TrackingError, match=rf"{re.escape(str(path))} is read-only; `chmod u\+w` it"):
            sync(space.root)
    sync(space.root)
    assert is_whole(space)


def test_what_is_spent_bit_by_bit_is_stated_too(space, capfd, monkeypatch) -> None:
    monkeypatch.setattr(live, "HELD_UP", 0.6)
    monkeypatch.setattr(live, "USUAL", 0.05)
    monkeypatch.setattr(Tracker, "log", lambda *_: time.sleep(0.3))
    settings = space.config.variants["raw"]
    logging = live.Live(space, "raw", settings)
    logging.left = 0.6
    log = logging.listener(0)
    begun = time.monotonic()
    for epoch in range(50):
        log(epoch, {"val_loss": 1.0})
    assert 0.5 < time.monotonic() - begun < 3  # and not 15
    assert "does not answer" in told(capfd)


def test_a_server_that_never_answers_is_not_waited_for(space, capfd, monkeypatch) -> None:
    monkeypatch.setattr(live, "OPENING", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.getsockname()[1]}")
        assert train(space) < 8
    assert "does not answer" in told(capfd)


def test_a_call_gives_what_the_function_gives_and_no_more_time() -> None:
    caller = live.Caller()
    assert caller.call(5, lambda a, b: a + b, 2, 3) == 5
    with pytest.raises(ZeroDivisionError):
        caller.call(5, lambda: 1 / 0)
    gate = threading.Event()
    with pytest.raises(TimeoutError):
        caller.call(0.05, gate.wait)
    with pytest.raises(TimeoutError):  # in turn: what came before goes first
        caller.call(0.05, lambda: 1)
    gate.set()
    assert caller.call(5, lambda: 2) == 2
    caller.end()


@pytest.mark.parametrize("name", ODD)
def test_a_folder_whose_name_ends_or_changes_an_address_is_like_any_other(
    space, tmp_path_factory, capfd, name: str
) -> None:
    parent = tmp_path_factory.mktemp("odd")
    folder = shutil.copytree(space.root, parent / name / "checkout")
    space = Workspace("ultrasound", folder)
    train(space)
    assert is_whole(space)
    write_text(space.evidence / "figures" / "curve.svg", "<svg/>")
    write_json(
        space.evidence / "evidence.json",
        {"metrics": {}, "about": "About it.", "declared": {}, "findings": [], "tables": [], "inputs": ""},
    )
    assert sync(folder) == {"made": 1, "kept": 3, "removed": 0}
    assert capfd.readouterr().err == ""
    found = Tracker(folder)
    (evidence,) = [run for run in found.runs(found.experiment("ultrasound")) if run.info.run_name == "evidence"]
    (figure,) = found.client.list_artifacts(evidence.info.run_id, "figures")
    copy = found.client.download_artifacts(evidence.info.run_id, figure.path, str(space.root))
    assert Path(copy).read_text() == "<svg/>"
    assert len(list((folder / "mlartifacts").rglob("curve.svg"))) == 2  # with the evidence, and with the variant
    assert [path.name for path in parent.iterdir()] == [name]  # and nothing beside it


def test_a_name_that_no_address_can_hold_is_told(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(TrackingError, match=r"'.*\\udcff/mlflow.db' cannot be written as a database address"):
        database(tmp_path / "\udcff")
