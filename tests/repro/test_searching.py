"""`reprise duplicates --scheduler`: pairs searched by nodes, with the answer of one process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from PIL import Image

from reprise.data.near_search import TooManyPairsError, near_duplicates

pytest.importorskip("distributed")
from reprise.data import near_shared
from reprise.repro.cluster import Cluster
from reprise.repro.searching import searching


@pytest.fixture
def photos(tmp_path):
    """Twelve pictures; six of them again with some noise, three mirrored."""
    rng = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for k in range(12):
        coarse = Image.fromarray(rng.integers(0, 256, (9, 12, 3)).astype(np.uint8))
        whole = coarse.resize((320, 240), Image.Resampling.BICUBIC)
        whole.save(tmp_path / "photos" / f"{k:02}.png")
        if k < 6:
            noisy = np.asarray(whole) + rng.normal(0, 2, (240, 320, 3))
            Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(tmp_path / "photos" / f"{k:02}_again.png")
        if k < 3:
            whole.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "photos" / f"{k:02}_turned.png")
    return tmp_path


def duplicates(folder, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reprise.cli", "duplicates", "photos", "--mirrored", *options]
    scratch = os.environ | {"TMPDIR": str(folder / "tmp")}
    (folder / "tmp").mkdir(exist_ok=True)
    return subprocess.run(command, cwd=folder, env=scratch, capture_output=True, text=True, timeout=300)


def test_the_command_writes_the_same_file_with_nodes_as_without_and_leaves_nothing(photos):
    alone, shared = duplicates(photos, "--out", "a.csv"), duplicates(photos, "--out", "b.csv", "--scheduler", "local:2")
    assert (alone.returncode, shared.returncode) == (0, 0), shared.stderr
    assert shared.stdout == alone.stdout.replace("a.csv", "b.csv")
    assert shared.stderr == ""
    assert (photos / "b.csv").read_text() == (photos / "a.csv").read_text()
    assert (photos / "a.csv").read_text().count("_again") >= 6
    assert sorted(path.name for path in photos.iterdir()) == ["a.csv", "b.csv", "photos", "tmp"]
    assert list((photos / "tmp").iterdir()) == []


@pytest.mark.parametrize("where", ["local:0", "tcp://127.0.0.1:9", "elsewhere"])
def test_a_cluster_that_is_none_is_one_line_before_any_picture_is_opened(photos, where):
    said = duplicates(photos, "--out", "a.csv", "--scheduler", where)
    assert said.returncode == 1
    assert "--scheduler" in said.stderr
    assert where in said.stderr
    assert "Traceback" not in said.stderr
    assert sorted(path.name for path in photos.iterdir()) == ["photos", "tmp"]


def test_more_pairs_than_allowed_are_told_as_one_process_tells_them():
    rows = np.ones((40, 8), np.float32)
    with searching("local:1") as search, pytest.raises(TooManyPairsError, match="more than 5 pairs"):
        search(rows, 0.01, most_pairs=5)


def test_a_node_that_is_killed_in_mid_search_costs_nothing_but_time(monkeypatch, tmp_path):
    rng = np.random.default_rng(1)
    centres = rng.gamma(0.5, size=(700, 90))
    rows = (centres[rng.integers(0, 700, 6000)] * rng.normal(1, 0.05, (6000, 90))).astype(np.float32)
    pairs, distances = near_duplicates(rows, 0.008)
    nodes: list[Cluster] = []
    made = Cluster.__init__

    def noted(self, *arguments):
        made(self, *arguments)
        nodes.append(self)

    monkeypatch.setattr(Cluster, "__init__", noted)
    shares = threading.Event()
    monkeypatch.setattr(near_shared, "report_text", lambda text: shares.set())

    def kill() -> None:
        shares.wait(60)
        os.kill(next(iter(nodes[0].client.run(os.getpid).values())), signal.SIGKILL)

    with searching("local:2") as search:
        while len(nodes[0].client.nthreads()) < 2:
            time.sleep(0.05)
        killer = threading.Thread(target=kill)
        killer.start()
        found = search(rows, 0.008, np.arange(6000) % 2)
        killer.join()
        assert shares.is_set()
        again = search(rows, 0.008)  # by whoever is there
    np.testing.assert_array_equal(again[0], pairs)
    np.testing.assert_array_equal(again[1], distances)
    one = near_duplicates(rows, 0.008, np.arange(6000) % 2)
    np.testing.assert_array_equal(found[0], one[0])
