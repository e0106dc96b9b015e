"""Damaged files of every other kind that is read: no traceback, nothing written elsewhere, bounded memory.

A few hundred in the suite, the same ones every time; `make fuzz` draws more than a thousand, and others each time.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import shutil
import tarfile
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save
from tests.conftest import ROOT, copy_params

from reprise import config
from reprise.claims.ledger import build_rows, read_studies
from reprise.data import coco, fetch, idx, rle, safe_pickle, submission, voc
from reprise.data.opening import PictureError
from reprise.files import read_json, read_npz, write_npz
from reprise.inside.trained import check_trained
from reprise.messages import shown
from reprise.networks import load_networks
from reprise.recorded import read_times
from reprise.registry import import_part
from reprise.timings import last_timings
from reprise.workspace import Workspace

FUZZ = bool(os.environ.get("REPRISE_FUZZ"))
SEED = int.from_bytes(os.urandom(4), "big") if FUZZ else 0
EACH = 110 if FUZZ else 25  # damaged copies of each kind
RUNS = b"img,pixels\n1,2 3 10 4\n2,\n"
TIMES = b"name,round,seconds,scale,source,machine\na,1,0.5,small,generated,two cores\n"
SECONDS = 20.0  # that one may take, on a busy machine
MEMORY = 96 << 20  # bytes that one may take
STATED = dict.fromkeys(("idx", "idx.gz"), idx.LARGEST)  # asked for as the header says, and given back untouched
RAW = ("pickle",)  # names what it found as it stands there; whoever prints it writes that out
WORDS = [
    *(b"999999999999", b"-1", b"1e999", b"nan", b"null", b"[]", b"{}", b"\"\"", b"\0", b"\x1b[31m", b"\xff\xfe", b"\n"),
    *(b"<a>", b"&lt;", b"<!DOCTYPE x [<!ENTITY e 'e'>]>", b"../../x", b"=1+1", b"{" * 3000, b"[" * 3000, b"9" * 5000),
]  # fmt: skip


def damage(data: bytes, rng: np.random.Generator) -> bytes:
    """One to three of: cut, bits turned, a piece twice or gone, a word put in or over, bytes in a row the same."""
    for _ in range(rng.integers(1, 4)):
        content, kind = bytearray(data), rng.integers(0, 6)
        if not content:
            return data
        at, size = int(rng.integers(0, len(content))), int(rng.integers(1, 40))
        if kind == 0:
            del content[at:]
        elif kind == 1:
            for place in rng.integers(0, len(content), rng.integers(1, 9)):
                content[place] ^= 1 << int(rng.integers(0, 8))
        elif kind == 2:
            content[at:at] = content[at : at + size]
        elif kind == 3:
            del content[at : at + size]
        elif kind == 4:
            word = WORDS[rng.integers(0, len(WORDS))]
            content[at : at + (size if rng.random() < 0.5 else 0)] = word
        else:
            content[at : at + size] = bytes([int(rng.choice([0, 127, 128, 255]))]) * size
        data = bytes(content)
    return data


def packed(kind: str) -> bytes:
    # so many that little of a tar is padding, where damage is none
    stream, files = io.BytesIO(), {"a/one.txt": b"one" * 50} | {f"{k}.bin": bytes(range(200)) for k in range(8)}
    if kind == "zip":
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return stream.getvalue()
    with tarfile.open(fileobj=stream, mode="w:gz" if kind == "tgz" else "w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def sound(folder: Path) -> dict[str, tuple[bytes, str, Callable[[Path], object]]]:
    """Kind -> a sound file's content, its name, and what reads it."""
    images = bytes([0, 0, 8, 3]) + b"".join(n.to_bytes(4, "big") for n in (2, 28, 28)) + bytes(2 * 28 * 28)
    thing = (
        "<object><name>cat</name><bndbox><xmin>2</xmin><ymin>3</ymin><xmax>20</xmax><ymax>9</ymax></bndbox></object>"
    )
    size = "<size><width>40</width><height>30</height></size>"
    xml = f"<annotation><filename>a.jpg</filename>{size}{thing}</annotation>".encode()
    row = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 5, 6], "area": 30.0, "iscrowd": 0}
    polygon = {"segmentation": [[1, 2, 6, 2, 6, 8, 1, 8]]}
    truth = {
        "images": [{"id": 1, "height": 30, "width": 40, "file_name": "a.jpg"}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [row | polygon],
    }
    (folder / "truth.json").write_text(json.dumps(truth))
    known = coco.read_truth(folder / "truth.json")
    detected = [{"image_id": 1, "category_id": 1, "bbox": [1, 2, 5, 6], "score": 0.5}]
    write_npz(folder / "sound.npz", logits=np.arange(12.0).reshape(3, 4), names=np.array(["a", "b"]))
    batch = pickle.dumps({b"data": [1, 2, 3], b"labels": [0, 1]}, protocol=2)
    evidence = {
        "study": "rotation", "title": "t", "scale": "smoke", "source": "generated", "settings": {}, "declared": {},
        "findings": [{"claim": 64, "role": "context", "measures": "m", "effect": 0.1, "low": 0.0, "high": 0.2}],
    }  # fmt: skip

    def archive(path: Path) -> object:
        target = path.parent / "unpacked" / path.stem
        target.mkdir(parents=True)
        return fetch._unpack(path, target)

    def all_arrays(path: Path) -> object:
        with read_npz(path) as found:
            return {name: found[name] for name in found.files}

    def params(path: Path) -> object:
        root = path.parent / path.stem
        root.mkdir()
        shutil.move(path, root / "params.yaml")
        return config.load(root)

    def ledger(path: Path) -> object:
        root = path.parent / path.stem
        place = root / "data" / "evidence" / "rotation"
        place.mkdir(parents=True)
        (root / "pipelines" / "rotation").mkdir(parents=True)
        shutil.copy(ROOT / "pipelines" / "rotation" / "params.yaml", root / "pipelines" / "rotation")
        shutil.move(path, place / "evidence.json")
        return build_rows(read_studies(root))

    return {
        "idx": (images, "images-idx3-ubyte", lambda path: idx.read_idx(path, 3)),
        "idx.gz": (gzip.compress(images), "images-idx3-ubyte.gz", lambda path: idx.read_idx(path, 3)),
        "xml": (xml, "a.xml", lambda path: voc.read_annotation(path, folder)),
        "truth": (json.dumps(truth).encode(), "t.json", lambda path: coco.read_truth(path, masks=True)),
        "detections": (json.dumps(detected).encode(), "d.json", lambda path: coco.read_detections(path, known)),
        "run lengths": (RUNS, "s.csv", lambda path: submission.read_submission(path, (9, 7))),
        "runs alone": (b"2 3 10 4 30 1", "r.txt", lambda path: rle.decode(path.read_text(errors="replace"), (9, 7))),
        "npz": ((folder / "sound.npz").read_bytes(), "a.npz", all_arrays),
        "pickle": (batch, "data_batch", lambda path: safe_pickle.load_batch(path.read_bytes(), path.name)),
        "zip": (packed("zip"), "a.zip", archive),
        "tar": (packed("tar"), "a.tar", archive),
        "tgz": (packed("tgz"), "a.tgz", archive),
        "json": (json.dumps(evidence).encode(), "e.json", read_json),
        "evidence": (json.dumps(evidence).encode(), "e.json", ledger),
        "params": ((ROOT / "params.yaml").read_bytes(), "params.yaml", params),
        "times": (b"stage,seconds,peak_mib\r\ntrain a,1.5,200\r\n", "t.csv", last_timings),
        "recorded": (TIMES, "times.csv", read_times),
    }  # fmt: skip


def trained(folder: Path, kind: str) -> tuple[bytes, str, Callable[[Path], object]]:
    """The same of what training writes: one of its files is the damaged one, the other is sound."""
    copy_params(folder, "rotation")
    config.set_value(folder, "scale=smoke")
    space = Workspace("rotation", folder)
    settings, shapes = space.settings("baseline"), {"image": (32, 32, 3), "label": ()}
    model = import_part("rotation", "train").build(settings, shapes, None)
    weights = {f"seed0/{name}": tensor.contiguous() for name, tensor in model.state_dict().items()}
    record = {"settings": settings.model_dump(mode="json"), "shapes": shapes, "structure": [None]}
    files = {"run.json": json.dumps(record).encode(), "weights.safetensors": save(weights)}

    def check(path: Path) -> None:
        root = path.parent / f"{path.name}-run"
        shutil.copytree(folder / "pipelines", root / "pipelines")
        shutil.copy(folder / "params.yaml", root)
        here = Workspace("rotation", root)
        here.run("baseline").mkdir(parents=True)
        for name, content in files.items():
            (here.run("baseline") / name).write_bytes(path.read_bytes() if name == kind else content)
        try:
            check_trained(here, "baseline")
            list(load_networks(here, "baseline"))
        except ValueError as error:
            begin, end = f"{here.run('baseline') / kind}: ", "; `reprise repro rotation` makes it again"
            if not (str(error).startswith(begin) and str(error).endswith(end)):
                raise RuntimeError(str(error)) from error
            raise

    return files[kind], kind, check


TRAINED = ["run.json", "weights.safetensors"]
KINDS = [
    *("idx", "idx.gz", "xml", "truth", "detections", "run lengths", "runs alone", "npz", "pickle", "zip", "tar", "tgz"),
    *("json", "evidence", "params", "times", "recorded"),
    *TRAINED,
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_damaged_file_is_read_or_refused_in_a_line(kind, tmp_path, record_property):
    rng = np.random.default_rng([SEED, KINDS.index(kind)])
    (tmp_path / "files").mkdir()
    (tmp_path / "sound").mkdir()
    folder = tmp_path / "sound"
    content, name, reader = trained(folder, kind) if kind in TRAINED else sound(folder)[kind]
    outside = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path != tmp_path / "files"}
    refused = 0
    for number in range(EACH):
        path = tmp_path / "files" / f"{number}-{name}"
        damaged = damage(content, rng)
        path.write_bytes(damaged)
        start = time.monotonic()
        tracemalloc.start()
        try:
            reader(path)
            said = None
        except (ValueError, OSError, PictureError) as error:
            said = str(error)
        except Exception as error:
            raise AssertionError(f"seed {SEED}, {kind} number {number}: {damaged[:300]!r}") from error
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        refused += said is not None
        assert said != "", f"{kind}: an error without a word: {damaged[:200]!r}"
        printed = shown(said or "") if kind in RAW else (said or "")
        assert printed.replace("\n", "").isprintable(), f"{kind} {damaged[:200]!r}: {said!r}"
        assert time.monotonic() - start < SECONDS, f"{kind}: {damaged[:200]!r}"
        assert peak < STATED.get(kind, 0) + MEMORY, f"{kind} took {peak >> 20} MiB: {damaged[:200]!r}"
    record_property("inputs", EACH)
    assert kind == "times" or refused > EACH / 20  # it was damaged indeed
    found = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if "files" not in path.parts}
    assert {path: when for path, when in found.items() if path in outside} == outside
    assert found.keys() == outside.keys(), "something was written elsewhere"
