"""MLflow shows what DVC's outputs hold: all of it, once, and training never depends on it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import ROOT

from reprise.claims.evidence import Evidence, Figure, Finding, Metric, above
from reprise.closure import closure
from reprise.config import load
from reprise.files import read_json, write_json, write_text
from reprise.stages import train
from reprise.statistics import Effect
from reprise.sweeps import swept_to, write_sweep
from reprise.tracking import (
    KEY,
    PROCESS,
    Tracker,
    TrackingError,
    _Live,
    database,
    initialise,
    sync,
    track_training,
    views,
)
from reprise.workspace import Workspace

EPOCHS = 3


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory):
    """A database without runs: making one takes seconds."""
    folder = tmp_path_factory.mktemp("database")
    initialise(folder)
    return folder / "mlflow.db"


@pytest.fixture
def space(smoke, empty_database, monkeypatch):
    """The study `ultrasound` in an empty workspace with an empty database; nothing is trained yet."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("DVC_STAGE", raising=False)
    shutil.copy(empty_database, smoke / "mlflow.db")
    return Workspace("ultrasound", smoke)


def loss(variant: str, seed: int, epoch: int) -> float:
    return round(1 / (1 + epoch) + 0.1 * seed + 0.01 * len(variant), 6)


def write_outputs(space: Workspace, *variants: str, epochs: int = EPOCHS, seeds: int = 2) -> None:
    """What training a variant writes, as far as tracking reads it."""
    for variant in variants:
        rows = [f"{s},{e},{loss(variant, s, e)}" for s in range(seeds) for e in range(epochs)]
        write_text(space.run(variant) / "history.csv", "\n".join(["seed,epoch,val_loss", *rows]) + "\n")
        settings = load(space.root).study("ultrasound").variants[variant].model_dump(mode="json")
        write_json(space.run(variant) / "run.json", {"parameters": 321, "precision": "32-true", "settings": settings})


def write_evidence(space: Workspace, dice: float = 0.5) -> None:
    (space.evidence / "figures").mkdir(parents=True, exist_ok=True)
    (space.evidence / "figures" / "curve.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    finding = Finding(79, "Mean dice", Effect(dice, dice - 0.1, dice + 0.1, 10), above(0.0))
    metrics = {"dice.raw": Metric(dice, "higher"), "broken": Metric(float("nan"), "equal")}
    figures = [Figure("curve", "Curve", "A curve")]
    Evidence("10 frames", [finding], metrics, figures=figures, title="Nerves", about="About it.").write(
        space.evidence, source="generated", scale="smoke", study="ultrasound"
    )


def runs(space: Workspace) -> dict[str, object]:
    """All runs of the study by name; a name that appears twice is an error."""
    tracker = Tracker(space.root)
    found = tracker.runs(tracker.experiment("ultrasound"))
    by_name = {run.info.run_name: run for run in found}
    assert len(by_name) == len(found), sorted(run.info.run_name for run in found)
    return by_name


def history(space: Workspace, run: object, metric: str = "val_loss") -> list[tuple[int, float]]:
    found = Tracker(space.root).client.get_metric_history(run.info.run_id, metric)
    return sorted((entry.step, entry.value) for entry in found)


def artifact(space: Workspace, run: object, name: str) -> Path:
    return Path(Tracker(space.root).client.download_artifacts(run.info.run_id, name))


def settings(space: Workspace, variant: str):
    return space.config.variants[variant]


def test_an_empty_database_gets_every_run_and_a_second_time_nothing_new(space):
    write_outputs(space, "raw", "cleaned")
    write_evidence(space)
    shown = []
    assert sync(space.root, shown.append) == {"made": 7, "kept": 0, "removed": 0}
    assert shown[:2] == ["ultrasound: raw", "ultrasound: raw/seed-0"]
    found = runs(space)
    assert set(found) == {
        *("raw", "raw/seed-0", "raw/seed-1", "cleaned", "cleaned/seed-0", "cleaned/seed-1", "evidence"),
    }
    assert all(run.info.status == "FINISHED" for run in found.values())
    seed = found["raw/seed-1"]
    assert seed.data.tags["mlflow.parentRunId"] == found["raw"].info.run_id
    assert "mlflow.parentRunId" not in found["raw"].data.tags
    assert history(space, seed) == [(epoch, loss("raw", 1, epoch)) for epoch in range(EPOCHS)]
    means = [(epoch, pytest.approx((loss("raw", 0, epoch) + loss("raw", 1, epoch)) / 2)) for epoch in range(EPOCHS)]
    assert history(space, found["raw"]) == means
    assert (seed.data.params["seed"], seed.data.params["width"]) == ("1", "2")
    expected = {"study": "ultrasound", "variant": "raw", "seed": "1", "data.source": "generated", "scale": "smoke"}
    assert expected.items() <= seed.data.tags.items()
    assert {"git.commit", "dvc.stage", "config.digest", "mlflow.source.name"} <= seed.data.tags.keys()
    assert seed.data.tags["config.digest"] != found["cleaned/seed-1"].data.tags["config.digest"]

    assert sync(space.root, shown.append) == {"made": 0, "kept": 7, "removed": 0}
    assert len(shown) == 7
    assert {name: run.info.run_id for name, run in runs(space).items()} == {n: r.info.run_id for n, r in found.items()}


def test_scores_and_figures_come_from_the_evidence_and_follow_it(space):
    write_outputs(space, "raw")
    sync(space.root)
    assert "dice" not in runs(space)["raw"].data.metrics
    before = runs(space)["raw"].info.run_id
    for dice in (0.5, 0.25):  # evaluated, and evaluated again
        write_evidence(space, dice)
        sync(space.root)
        found = runs(space)
        assert (found["raw"].info.run_id, found["raw"].data.metrics["dice"]) == (before, dice)
        assert found["evidence"].data.metrics == {}  # each would be a chart of one bar
        table = artifact(space, found["evidence"], "metrics.csv").read_text().splitlines()
        assert table == ["metric,value,spread,n,better", "broken,,0.0,1,equal", f"dice.raw,{dice},0.0,1,higher"]
    client = Tracker(space.root).client
    for name in ("evidence", "raw"):
        files = client.list_artifacts(found[name].info.run_id, "figures")
        assert [file.path for file in files] == ["figures/curve.svg"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("run.json", b"\xff\xfe", "not valid JSON"),
        ("run.json", b"[]", "parameters, precision, settings missing"),
        ("history.csv", b"seed,epoch,val_loss\n0,0,0.5\n0,1", "its last line is cut"),
        ("history.csv", b"seed,epoch,val_loss\n0\n", "line 2: 1 fields"),
        ("history.csv", b"epoch,val_loss\n0,1\n", "no column seed"),
    ],
)
def test_a_damaged_output_is_named(space, name, content, said):
    write_outputs(space, "raw")
    (space.run("raw") / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf"raw/{name}: .*{said}.*make it again with `dvc repro`"):
        sync(space.root)


def test_the_stage_is_the_one_that_dvc_lock_names(space, monkeypatch):
    monkeypatch.setenv("DVC_STAGE", "pipelines/ultrasound/dvc.yaml:train_ultrasound@cleaned")
    write_outputs(space, "raw", "cleaned")
    outs = "    cmd: x\n    outs:\n    - path: data/runs/ultrasound/raw\n"
    lock = space.root / "pipelines" / "ultrasound" / "dvc.lock"
    write_text(lock, f"schema: '2.0'\nstages:\n  train_ultrasound@raw:\n{outs}")
    sync(space.root)
    stages = {name: run.data.tags["dvc.stage"] for name, run in runs(space).items()}
    assert stages["raw"] == stages["raw/seed-0"] == "pipelines/ultrasound/dvc.yaml:train_ultrasound@raw"
    assert stages["cleaned"] == "pipelines/ultrasound/dvc.yaml:train_ultrasound@cleaned"  # not locked yet


def test_a_run_is_called_what_it_was_made_with_and_not_what_params_say_by_now(space):
    write_outputs(space, "raw")
    params = "    params:\n      params.yaml:\n        data.source: real\n        scale: medium\n"
    outs = "    outs:\n    - path: data/runs/ultrasound/raw\n"
    lock = space.root / "pipelines" / "ultrasound" / "dvc.lock"
    write_text(lock, f"schema: '2.0'\nstages:\n  train@raw:\n    cmd: x\n{params}{outs}")
    sync(space.root)
    for run in runs(space).values():
        assert (run.data.tags["data.source"], run.data.tags["scale"]) == ("real", "medium")
    with track_training(space, "raw", settings(space, "raw")) as listener:  # the lock is of the time before
        listener(0)(0, {"val_loss": 1.0})
        tracker = Tracker(space.root)
        running = [run for run in tracker.runs(tracker.experiment("ultrasound")) if run.info.status == "RUNNING"]
        assert [run.data.tags["scale"] for run in running] == ["smoke", "smoke"]


def test_a_study_that_trains_nothing_is_shown_by_its_claims(space):
    assert views(space.root) == {}
    write_evidence(space)
    found = read_json(space.evidence / "evidence.json")
    found["declared"] = {"79": {"kind": "measured", "verdict": "reproduced"}}
    write_json(space.evidence / "evidence.json", found)
    sync(space.root)
    assert list(views(space.root)["ultrasound"]) == ["claims"]
    write_outputs(space, "raw")
    sync(space.root)
    assert list(views(space.root)["ultrasound"]) == ["variants", "variants, as charts", "seeds, as charts", "claims"]


def test_runs_that_a_kill_left_are_removed_but_not_those_of_a_living_process(space):
    tracker = Tracker(space.root)
    experiment = tracker.experiment("ultrasound")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for name, process in (("dead", gone.pid), ("alive", os.getpid())):
        tags = {KEY: name, PROCESS: f"{socket.gethostname()}:{process}"}
        tracker.client.create_run(experiment, tags=tags, run_name=name)
    tracker.client.create_run(experiment, tags={KEY: "x", PROCESS: "elsewhere:1"}, run_name="another machine's")
    write_outputs(space, "raw")
    assert sync(space.root) == {"made": 3, "kept": 0, "removed": 2}
    assert set(runs(space)) == {"alive", "raw", "raw/seed-0", "raw/seed-1"}


def test_what_was_logged_live_is_kept_and_not_doubled(space):
    with track_training(space, "raw", settings(space, "raw")) as listener:
        for seed in range(2):
            log = listener(seed)
            for epoch in range(EPOCHS):
                log(epoch, {"val_loss": loss("raw", seed, epoch)})
                assert runs(space)[f"raw/seed-{seed}"].info.status == "RUNNING"
        write_outputs(space, "raw")
    live = runs(space)
    assert set(live) == {"raw", "raw/seed-0", "raw/seed-1"}
    assert sync(space.root) == {"made": 0, "kept": 3, "removed": 0}
    assert {name: run.info.run_id for name, run in runs(space).items()} == {n: r.info.run_id for n, r in live.items()}


def test_a_resumed_training_ends_with_whole_runs(space):
    killed = _Live(space, "raw", settings(space, "raw"))  # never closed, as a SIGKILL leaves it
    log = killed.listener(0)
    for epoch in range(EPOCHS):
        log(epoch, {"val_loss": loss("raw", 0, epoch)})
    killed.listener(1)(0, {"val_loss": loss("raw", 1, 0)})
    with track_training(space, "raw", settings(space, "raw")) as listener:  # seed 0 is done, seed 1 goes on
        for epoch in range(1, EPOCHS):
            listener(1)(epoch, {"val_loss": loss("raw", 1, epoch)})
        write_outputs(space, "raw")
    found = runs(space)
    assert set(found) == {"raw", "raw/seed-0", "raw/seed-1"}
    for seed in range(2):
        run = found[f"raw/seed-{seed}"]
        assert run.info.status == "FINISHED"
        assert run.data.tags["mlflow.parentRunId"] == found["raw"].info.run_id
        assert history(space, run) == [(epoch, loss("raw", seed, epoch)) for epoch in range(EPOCHS)]
    assert sync(space.root)["made"] == 0


def test_other_settings_are_other_runs_and_new_outputs_replace_the_old(space):
    write_outputs(space, "raw")
    sync(space.root)
    write_outputs(space, "raw", epochs=EPOCHS + 1)  # the same settings, trained again by other code
    assert sync(space.root) == {"made": 3, "kept": 0, "removed": 3}
    assert len(history(space, runs(space)["raw/seed-0"])) == EPOCHS + 1
    record = space.run("raw") / "run.json"
    write_text(record, record.read_text().replace('"width": 2', '"width": 4'))
    assert sync(space.root) == {"made": 3, "kept": 0, "removed": 0}
    tracker = Tracker(space.root)
    widths = [run.data.params["width"] for run in tracker.runs(tracker.experiment("ultrasound"))]
    assert sorted(widths) == ["2", "2", "2", "4", "4", "4"]  # to be compared


def test_a_failed_training_says_so(space):
    def train():
        with track_training(space, "raw", settings(space, "raw")) as listener:
            listener(0)(0, {"val_loss": 1.0})
            raise ValueError("the loss is nan")

    with pytest.raises(ValueError, match="the loss is nan"):
        train()
    assert {run.info.status for run in runs(space).values()} == {"FAILED"}


@pytest.mark.parametrize("damage", ["folder", "garbage", "no server"])
def test_a_database_that_cannot_be_opened_only_warns_and_soon(smoke, damage, capsys, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    if damage == "folder":
        (smoke / "mlflow.db").mkdir()
    elif damage == "garbage":
        (smoke / "mlflow.db").write_bytes(b"no database " * 100)
    else:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    address = database(smoke)
    space = Workspace("ultrasound", smoke)
    start = time.monotonic()
    with track_training(space, "raw", settings(space, "raw")) as listener:
        assert listener is None
    assert time.monotonic() - start < 60  # MLflow by itself: minutes
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("MLflow:")]
    assert f"{address} cannot be used" in line
    assert line.endswith("training goes on without it")
    if damage != "garbage":  # that is put aside: test_live.py
        with pytest.raises(TrackingError, match="cannot be used"):
            sync(smoke)


def test_a_database_that_breaks_on_the_way_warns_once(space, capsys):
    with track_training(space, "raw", settings(space, "raw")) as listener:
        log = listener(0)
        log(0, {"val_loss": 1.0})
        (tracker,) = [cell.cell_contents for cell in log.__closure__ if isinstance(cell.cell_contents, _Live)]
        tracker.tracker.client.delete_run(tracker.started[next(reversed(tracker.started))][0])
        for epoch in (1, 2):
            log(epoch, {"val_loss": 1.0})
    assert capsys.readouterr().err.count("training goes on without it") == 1


def test_only_the_first_of_several_devices_processes_logs(space, monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "1")
    with track_training(space, "raw", settings(space, "raw")) as listener:
        assert listener is None
    assert runs(space) == {}


def test_the_train_stage_logs_live_without_depending_on_it(space, monkeypatch):
    """A change of how MLflow is written trains nothing again."""

    def train_variant(*args, listener, **kwargs):
        listener(0)(0, {"val_loss": 0.5})
        assert runs(space)["raw/seed-0"].data.metrics == {"val_loss": 0.5}

    monkeypatch.setattr(train, "train_variant", train_variant)
    train.train(space, "raw")
    files = {path.name for path in closure(["reprise.stages.train"], ROOT / "src")}
    assert "training.py" in files
    assert files.isdisjoint({"tracking.py", "projection.py"})


def test_an_experiment_deleted_in_the_browser_comes_back(space):
    write_outputs(space, "raw")
    tracker = Tracker(space.root)
    tracker.client.delete_experiment(tracker.experiment("ultrasound"))
    assert sync(space.root)["made"] == 3
    assert set(runs(space)) == {"raw", "raw/seed-0", "raw/seed-1"}


def test_several_first_users_of_a_fresh_database_do_not_disturb_each_other(smoke):
    script = """
import sys
from reprise.tracking import track_training
from reprise.workspace import Workspace

space = Workspace("ultrasound")
with track_training(space, sys.argv[1], space.config.variants[sys.argv[1]]) as listener:
    listener(0)(0, {"val_loss": 1.0})
"""
    names = ["raw", "cleaned", "cleaned_has_mask"]
    environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    users = [
        subprocess.Popen([sys.executable, "-c", script, name], cwd=smoke, env=environment, stderr=subprocess.PIPE)
        for name in names
    ]
    errors = [user.communicate()[1].decode() for user in users]
    assert [user.returncode for user in users] == [0, 0, 0], errors
    assert not any("MLflow:" in error for error in errors), errors
    assert set(runs(Workspace("ultrasound", smoke))) == {*names, *(f"{name}/seed-0" for name in names)}


@pytest.fixture
def browser(tmp_path):
    """Headless Chromium with a profile of its own."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("no browser here: install chromium and chromedriver to test what MLflow's pages show")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    quiet = ("background-networking", "component-update", "sync", "gpu", "quic", "extensions")
    for flag in ("headless", "no-sandbox", "no-first-run", *(f"disable-{name}" for name in quiet)):
        options.add_argument(f"--{flag}")
    options.add_argument(f"--user-data-dir={tmp_path / 'profile'}")
    options.add_argument("--window-size=1600,900")
    chrome = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield chrome
    chrome.quit()


@contextmanager
def served(root: Path) -> Iterator[str]:
    """MLflow's pages over the database of ``root``, on loopback; yields their address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    where = ["--backend-store-uri", database(root), "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (root / "server.log").open("w") as log:
        command = [sys.executable, "-m", "mlflow", "server", *where]
        server = subprocess.Popen(command, cwd=root, env=environment, stdout=log, stderr=log, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            assert server.poll() is None, (root / "server.log").read_text()
            with suppress(OSError), urllib.request.urlopen(f"{address}/health", timeout=5):
                break
            time.sleep(0.2)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


@pytest.mark.browser
def test_the_browser_shows_every_variant_with_its_seeds_and_scores(space, browser):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    write_outputs(space, "raw", "cleaned", "cleaned_has_mask")
    write_evidence(space, dice=0.625)
    sync(space.root)
    experiment = Tracker(space.root).experiment("ultrasound")
    with served(space.root) as address:
        wait = WebDriverWait(browser, 90)

        def text() -> str:
            return browser.find_element(By.TAG_NAME, "body").text

        browser.get(f"{address}/#/experiments")
        wait.until(lambda _: "reprise/ultrasound" in text())
        browser.get(f"{address}/#/experiments/{experiment}/runs?workflowType=machine_learning")
        wait.until(lambda _: all(name in text() for name in ("raw", "cleaned", "cleaned_has_mask", "evidence")))
        assert "seed-0" not in text()  # folded into their variants
        browser.get(f"{address}/{views(space.root)['ultrasound']['variants']}")  # as `reprise track views` prints it
        wait.until(lambda _: all(name in text() for name in ("3 matching runs", "raw", "cleaned_has_mask")))
        assert "evidence" not in text()
        browser.save_screenshot(str(space.root / "runs.png"))
        run = runs(space)["raw"]
        browser.get(f"{address}/#/experiments/{experiment}/runs/{run.info.run_id}")
        wait.until(lambda _: all(part in text() for part in ("val_loss", "0.625", "learning_rate", "data.source")))
        browser.save_screenshot(str(space.root / "run.png"))


def test_every_cell_of_a_sweep_is_a_run_with_its_curve(space):
    sweep = Workspace("optimizers", space.root)
    part = sweep.config.parts["sgd"].model_dump(mode="json")
    rows = [(rate, seed, step, 1 / step + seed) for rate in (0.1, 1.0) for seed in (0, 1) for step in (5, 10)]
    rate, seed, step, loss = map(np.array, zip(*rows, strict=True))
    loss[-1] = np.nan
    columns = {"optimizer": np.full(8, "sgd"), "learning_rate": rate, "dropout": np.zeros(8), "seed": seed,
               "step": step, "loss": loss, "diverged": np.where((rate == 1) & (seed == 1), 7, 0)}  # fmt: skip
    settings = {"grid": sweep.config.grid.model_dump(mode="json"), "parts": {"sgd": part}}
    write_sweep(swept_to(sweep, "sgd"), columns, settings)
    assert sync(space.root) == {"made": 3, "kept": 0, "removed": 0}
    tracker = Tracker(space.root)
    found = {run.info.run_name: run for run in tracker.runs(tracker.experiment("optimizers"))}
    assert set(found) == {"sgd", "sgd/rate-0.1", "sgd/rate-1"}
    low, high = found["sgd/rate-0.1"], found["sgd/rate-1"]
    assert low.data.tags["mlflow.parentRunId"] == found["sgd"].info.run_id
    assert (low.data.params["optimizer"], low.data.params["learning_rate"]) == ("sgd", "0.1")
    assert history(space, low, "loss") == [(5, pytest.approx(0.7)), (10, pytest.approx(0.6))]
    assert history(space, high, "loss") == [
        (5, pytest.approx(0.7)),
        (10, pytest.approx(0.1)),
    ]  # of the seed that is left
    assert history(space, high, "diverged") == [(5, 1), (10, 1)]
    assert sync(space.root) == {"made": 0, "kept": 3, "removed": 0}
