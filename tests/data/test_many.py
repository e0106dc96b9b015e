"""One work on many files: the order is kept, and every bad file is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reprise.data.images import read_grey
from reprise.data.many import UnreadableImagesError, each


def save(path: Path, values: np.ndarray, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path, **options)
    return path


@pytest.fixture
def grey() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (40, 60), dtype=np.uint8)


class TestEach:
    def test_order_is_kept_and_every_bad_file_is_named(self, tmp_path, grey):
        paths = [save(tmp_path / f"{k}.png", np.full_like(grey, k)) for k in range(30)]
        whole = paths[3].read_bytes()
        paths[3].write_bytes(whole[: len(whole) // 2])
        paths[7].write_bytes(b"")
        paths[9].write_text("not an image")
        tiff = save(tmp_path / "99.tif", np.random.default_rng(0).integers(0, 256, (90, 90), np.uint8))
        tiff.write_bytes(tiff.read_bytes()[:5000])
        problems: dict[Path, str] = {}
        results = list(each([*paths, tiff], read_grey, problems, threads=3))
        assert set(problems) == {paths[3], paths[7], paths[9], tiff}
        assert problems[paths[7]] == "is empty"
        assert problems[paths[9]] == "is not an image, or of a kind that is not read"
        for k, result in enumerate(results):
            assert result is None if k in (3, 7, 9, 30) else (result == k).all()

    def test_a_mistake_in_the_work_is_not_blamed_on_the_file(self, tmp_path):
        with pytest.raises(ZeroDivisionError):
            list(each([tmp_path], lambda path: 1 // 0, {}))

    def test_reads_only_a_little_ahead(self):
        started = []

        def work(path: Path) -> int:
            started.append(path)
            return len(started)

        stream = each([Path(str(k)) for k in range(1000)], work, {}, threads=2)
        next(stream)
        assert len(started) <= 8
        stream.close()

    def test_a_long_list_is_cut_short_but_counted(self):
        text = str(UnreadableImagesError({Path(f"{k:02}.png"): "is empty" for k in range(25)}))
        assert "25 files" in text
        assert "19.png" in text
        assert "20.png" not in text
        assert "and 5 more" in text
