"""The pair search by workers of Dask, with features in a file."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.data import described
from reprise.data.described import Rows
from reprise.data.near_search import TooManyPairsError, near_duplicates
from reprise.data.near_shared import near_duplicates_shared

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster) as found,
    ):
        yield found


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    centres = rng.gamma(0.5, size=(700, 90))
    return (centres[rng.integers(0, 700, 3000)] * rng.normal(1, 0.05, (3000, 90))).astype(np.float32)


@pytest.mark.parametrize("shares", [1, 3, 50, None])
def test_two_workers_find_what_one_process_finds(client, rows, tmp_path, shares):
    np.save(tmp_path / "rows.npy", rows)
    groups = np.arange(3000) % 2
    for labels in (None, groups):
        pairs, distances = near_duplicates(rows, 0.008, labels)
        assert len(pairs) > 500
        found = near_duplicates_shared(tmp_path / "rows.npy", client, 0.008, labels, shares=shares)
        np.testing.assert_array_equal(found[0], pairs)
        np.testing.assert_array_equal(found[1], distances)
    assert [path.name for path in tmp_path.iterdir()] == ["rows.npy"]


def test_workers_multiply_whole_rows_where_one_process_does(client, rows, tmp_path):
    few = np.concatenate([rows[:400], np.tile(rows[:1], (300, 1))])
    np.save(tmp_path / "rows.npy", few)
    pairs, distances = near_duplicates(few, threads=1)
    assert len(pairs) > 300 * 299 // 2
    found = near_duplicates_shared(tmp_path / "rows.npy", client)
    np.testing.assert_array_equal(found[0], pairs)
    np.testing.assert_array_equal(found[1], distances)


def test_too_many_pairs_end_it_and_leave_nothing(client, rows, tmp_path):
    np.save(tmp_path / "rows.npy", rows)
    with pytest.raises(TooManyPairsError, match="more than 5 pairs"):
        near_duplicates_shared(tmp_path / "rows.npy", client, most_pairs=5)
    assert [path.name for path in tmp_path.iterdir()] == ["rows.npy"]


def test_a_worker_that_does_not_see_the_file_is_told(client, rows, tmp_path, monkeypatch):
    from reprise.data import near_shared

    np.save(tmp_path / "rows.npy", rows)
    share = near_shared._share
    monkeypatch.setattr(near_shared, "_share", lambda path, *rest: share(path + ".elsewhere", *rest))
    with pytest.raises(ValueError, match=r"rows.npy: a worker does not see it .*share"):
        near_duplicates_shared(tmp_path / "rows.npy", client)


def test_what_is_no_table_or_a_pickle_is_refused(client, tmp_path):
    np.save(tmp_path / "line.npy", np.ones(4))
    with pytest.raises(ValueError, match=r"shape \(4,\)"):
        near_duplicates_shared(tmp_path / "line.npy", client)
    np.save(tmp_path / "objects.npy", np.array([{}, []], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"[Oo]bject"):
        near_duplicates_shared(tmp_path / "objects.npy", client)


def test_rows_past_memory_lie_in_a_file_without_a_name(tmp_path, monkeypatch):
    monkeypatch.setattr(described, "IN_MEMORY", 1000)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    rows, table = Rows(40), np.random.default_rng(0).random((30, 50)).astype(np.float32)
    for row in table:
        rows.add(row)
    assert isinstance(rows.whole(), np.memmap)
    np.testing.assert_array_equal(rows.whole(), table)
    assert not list(tmp_path.iterdir())
    few = Rows(2)
    few.add(table[0])
    assert not isinstance(few.whole(), np.memmap)


def test_where_there_is_no_room_for_the_file_it_is_said_before_anything_is_written(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(described, "IN_MEMORY", 1000)
    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(OSError, match="No space left"):
        Rows(1000).add(np.zeros(50))
