"""CIFAR: official layouts read alike, hostile pickles refused, generated images, splits."""

import dataclasses
import hashlib
import io
import os
import pickle
import re
import struct
import tarfile
from itertools import chain

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier

from reprise.data import cifar, cifar_files, shapes
from reprise.data.cifar import CifarError, Config, Images, content_digest, load, make, parts, prepare, read, split
from reprise.data.safe_pickle import UnsafePickleError, load_batch

PYTHON10, BINARY10, PYTHON100, BINARY100 = cifar_files.LAYOUTS


def toy(classes=10, each=4, seed=0):
    """Five training batches and one test batch of ``each`` images: (n, 3072) bytes and labels."""
    generator = np.random.default_rng(seed)
    return [
        (generator.integers(0, 256, (each, 3072), np.uint8), generator.integers(0, classes, each).tolist())
        for _ in range(6)
    ]


def python2_pickle(pixels, labels, key=b"labels"):
    """What Python 2's cPickle wrote, opcode by opcode."""

    def text(value):
        return b"U" + bytes([len(value)]) + value

    def integers(values):
        return b"](" + b"".join(b"K" + bytes([value]) for value in values) + b"e"

    raw = pixels.tobytes()
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR(K\x01("
        + b"".join(b"M" + struct.pack("<H", n) for n in pixels.shape)
        + b"tcnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        + b"T" + struct.pack("<i", len(raw)) + raw + b"tb"
    )  # fmt: skip
    return b"\x80\x02}(" + text(b"data") + array + text(key) + integers(labels) + b"u."


def python3_pickle(pixels, labels, key="labels"):
    return pickle.dumps({"data": pixels, key: labels}, protocol=2)


def binary(pixels, labels, width=1):
    coarse = np.full((len(labels), width - 1), 7, np.uint8)
    return np.column_stack([coarse, np.array(labels, np.uint8), pixels]).tobytes()


def files(layout, batches, write):
    """File name -> bytes."""
    names = [*layout.train, *layout.test]
    if len(names) == 2:  # CIFAR-100: one training file
        pixels, labels = zip(*batches[:5], strict=True)
        batches = [(np.concatenate(pixels), [*chain(*labels)]), batches[5]]
    return {name: write(*batch) for name, batch in zip(names, batches, strict=True)}


WRITERS = [
    (PYTHON10, 10, python2_pickle),
    (PYTHON10, 10, python3_pickle),
    (BINARY10, 10, binary),
    (PYTHON100, 100, lambda p, y: python2_pickle(p, y, b"fine_labels")),
    (BINARY100, 100, lambda p, y: binary(p, y, 2)),
]


def lay_out(folder, layout, contents):
    (folder / layout.folder).mkdir(parents=True)
    for name, content in contents.items():
        (folder / layout.folder / name).write_bytes(content)


@pytest.mark.parametrize("place", ["folder", "inside", "archive", "archive made with ."])
@pytest.mark.parametrize(("layout", "classes", "write"), WRITERS)
def test_every_official_layout_gives_the_same_images(tmp_path, layout, classes, write, place):
    batches = toy(classes)
    contents = files(layout, batches, write)
    if place.startswith("archive"):
        above = "./" if place.endswith(".") else ""  # as `tar -cf X .` writes them
        with tarfile.open(tmp_path / layout.archive, "w:gz") as archive:
            for name, content in contents.items():
                info = tarfile.TarInfo(f"{above}{layout.folder}/{name}")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    else:
        lay_out(tmp_path, layout, contents)
    images = read(tmp_path / layout.folder if place == "inside" else tmp_path, check_sums=False)
    assert images.train_images.shape == (20, 32, 32, 3)
    assert images.test_images.shape == (4, 32, 32, 3)
    assert images.train_images.dtype == np.uint8
    assert images.train_labels.dtype == np.int64
    assert images.train_labels.tolist() == [*chain(*(labels for _, labels in batches[:5]))]
    pixels = batches[2][0][1]  # image 9: planes of red, green and blue
    assert np.array_equal(images.train_images[9, :, :, 1].ravel(), pixels[1024:2048])
    assert images.test_images[3, 31, 30, 2] == batches[5][0][3, 2048 + 31 * 32 + 30]


def with_sums(monkeypatch, layout, contents):
    sums = {name: hashlib.md5(content).hexdigest() for name, content in contents.items()}
    known = dataclasses.replace(
        layout, train={name: sums[name] for name in layout.train}, test={name: sums[name] for name in layout.test}
    )
    monkeypatch.setattr(cifar_files, "LAYOUTS", (known,))


def test_wrong_and_missing_files_are_all_named_before_anything_is_read(tmp_path, monkeypatch):
    contents = files(PYTHON10, toy(), python2_pickle)
    with_sums(monkeypatch, PYTHON10, contents)
    lay_out(tmp_path, PYTHON10, contents)
    assert len(read(tmp_path).train_labels) == 20
    batch = tmp_path / PYTHON10.folder
    (batch / "data_batch_2").write_bytes(pickle.dumps(Bomb(tmp_path / "ran")))
    (batch / "data_batch_4").unlink()
    with pytest.raises(CifarError, match=r"data_batch_4: missing; data_batch_2: md5 .* the official file has") as error:
        read(tmp_path)
    assert "data_batch_1" not in str(error.value)
    assert not (tmp_path / "ran").exists()


def test_the_binary_version_is_checked_by_its_content(tmp_path, monkeypatch):
    batches = toy()
    lay_out(tmp_path / "python", PYTHON10, files(PYTHON10, batches, python2_pickle))
    official = content_digest(read(tmp_path / "python", check_sums=False))
    monkeypatch.setattr(cifar_files, "LAYOUTS", (dataclasses.replace(BINARY10, content=official),))
    shuffled = [batches[i] for i in (3, 1, 4, 0, 2, 5)]  # the order of the batches is not the point
    lay_out(tmp_path / "same", BINARY10, files(BINARY10, shuffled, binary))
    assert len(read(tmp_path / "same").train_labels) == 20
    batches[1][0][0, 0] ^= 1
    lay_out(tmp_path / "changed", BINARY10, files(BINARY10, batches, binary))
    with pytest.raises(CifarError, match="not the official ones"):
        read(tmp_path / "changed")


def test_the_official_sums_refuse_a_made_up_set(tmp_path):
    for layout, _, write in WRITERS[::2]:
        folder = tmp_path / layout.folder
        lay_out(folder, layout, files(layout, toy(), write))
        if layout is not BINARY100:  # no sums are published of its unpacked files
            with pytest.raises(CifarError, match="official"):
                read(folder)


def test_a_folder_named_after_a_set_must_hold_that_set(tmp_path):
    lay_out(tmp_path / "cifar10", PYTHON100, files(PYTHON100, toy(100), WRITERS[3][2]))
    with pytest.raises(CifarError, match="cifar-100-python holds CIFAR-100; it belongs into another folder"):
        read(tmp_path / "cifar10", check_sums=False)
    (tmp_path / "cifar10").rename(tmp_path / "cifar100")
    lay_out(tmp_path / "cifar100", PYTHON10, files(PYTHON10, toy(), python2_pickle))
    assert read(tmp_path / "cifar100", check_sums=False).train_labels.max() > 9
    for name, fetched in {"raw/cifar100": "cifar100", "raw/cifar10": "cifar10", "elsewhere": "cifar10"}.items():
        with pytest.raises(FileNotFoundError, match=f"reprise data fetch {fetched}`"):
            read(tmp_path / name)


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def opcodes(body):
    return b"\x80\x02}(U\x04data" + body + b"u."


RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\n"
EMPTY = RECONSTRUCT + b"(cnumpy\nndarray\n(K\x00tU\x01btR"
OBJECTS = EMPTY + b"(K\x01(K\x01tcnumpy\ndtype\n(U\x02O8K\x00K\x01tR\x89](Ketb"
HUGE = EMPTY + b"(K\x01(J\xff\xff\xff\x7fJ\xff\xff\xff\x7ftcnumpy\ndtype\n(U\x02u1K\x00K\x01tR\x89U\x01xtb"
HOSTILE = {
    "system": opcodes(b"cposix\nsystem\n(U\x04truetR"),
    "builtins": opcodes(b"c__builtin__\neval\n(U\x031+1tR"),
    "numpy load": opcodes(b"cnumpy\nload\n(U\x01xtR"),
    "numpy testing": opcodes(b"cnumpy.testing._private.utils\nrunstring\n(U\x01x}tR"),
    "dotted": opcodes(b"cnumpy\ndtype.__class__\n(tR"),
    "instance": opcodes(b"(iposix\nsystem\n"),
    "objects": opcodes(OBJECTS),
    "huge": opcodes(HUGE),
    "memo": b"\x80\x02}r\xff\xff\xff\x7f.",
    "nested key": b"\x80\x02}K\x01" + b"\x85" * 10**6 + b"K\x02s.",  # hashing it overflows the C stack
    "encoding": opcodes(b"c_codecs\nencode\n(U\x01xU\x03zlbtR"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pickles_are_refused(name):
    with pytest.raises(UnsafePickleError, match=r"data_batch_1: this pickle asks for .*only byte arrays"):
        load_batch(HOSTILE[name], "data_batch_1")


def test_what_a_hostile_pickle_names_is_no_command_to_the_terminal():
    with pytest.raises(UnsafePickleError, match=re.escape(r"asks for posix.\x1b[2Jx")) as refused:
        load_batch(opcodes(b"cposix\n\x1b[2Jx\n(tR"), "x")
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_would_run_something_does_not(tmp_path, protocol):
    made = tmp_path / "made"
    hostile = pickle.dumps({"data": Bomb(made)}, protocol)
    with pytest.raises(UnsafePickleError, match="mkdir"):
        load_batch(hostile, "x")
    assert not made.exists()
    pickle.loads(hostile)  # the same bytes, read carelessly
    assert made.exists()


def test_a_pickle_cannot_change_the_stand_ins():
    attribute = RECONSTRUCT + b"}U\x01xK\x01sb"
    slot = RECONSTRUCT + b"N}U\x08__call__K\x01s\x86b"
    name = b"cnumpy\nndarray\n}U\x01xK\x01sb"
    for body in (attribute, slot, name):
        with pytest.raises(ValueError, match="not a readable pickle"):
            load_batch(opcodes(body), "x")
    pixels, labels = toy()[0]
    assert np.array_equal(load_batch(python2_pickle(pixels, labels), "x")["data"], pixels)


@pytest.mark.parametrize("cut", [0, 1, 30, 200, 5000])
def test_truncated_pickles_are_errors_that_name_the_file(cut):
    with pytest.raises(ValueError, match="data_batch_3"):
        load_batch(python2_pickle(*toy()[0])[:cut], "data_batch_3")


def test_garbage_never_gets_further_than_an_error():
    good = python2_pickle(*toy(each=1)[0])
    generator = np.random.default_rng(0)
    failed = 0
    for _ in range(300):
        spoilt = bytearray(good)
        for place in generator.integers(0, 220, 2):
            spoilt[place] = generator.integers(256)
        try:
            load_batch(bytes(spoilt), "x")
        except ValueError:
            failed += 1
    assert failed > 100


@pytest.mark.parametrize(
    ("batch", "said"),
    [
        ({"data": np.zeros((2, 100), np.uint8), "labels": [0, 1]}, "no array of 3072"),
        ({"data": [1, 2], "labels": [0, 1]}, "no array of 3072"),
        ({"labels": [0, 1]}, "no array of 3072"),
        ({"data": np.zeros((2, 3072), np.uint8), "labels": [0]}, "2 images but 1 labels"),
        ({"data": np.zeros((2, 3072), np.uint8), "labels": [0, 10]}, r"0 \.\. 9"),
        ({"data": np.zeros((2, 3072), np.uint8), "labels": [0, "cat"]}, "whole numbers"),
        (python2_pickle(np.zeros((0, 3072), np.uint8), []), "one image at least"),
    ],
)
def test_batches_that_make_no_sense_are_refused(tmp_path, batch, said):
    contents = files(PYTHON10, toy(), python2_pickle)
    content = batch if isinstance(batch, bytes) else pickle.dumps(batch, protocol=2)
    lay_out(tmp_path, PYTHON10, contents | {"data_batch_5": content})
    with pytest.raises(CifarError, match=f"data_batch_5: .*{said}"):
        read(tmp_path, check_sums=False)


def test_records_of_a_wrong_length_and_empty_folders_are_refused(tmp_path):
    lay_out(tmp_path, BINARY10, files(BINARY10, toy(), binary) | {"test_batch.bin": b"x" * 3072})
    with pytest.raises(CifarError, match=r"test_batch.bin: 3072 bytes, expected a multiple of 3073"):
        read(tmp_path, check_sums=False)
    (tmp_path / "empty").mkdir()
    for missing in (tmp_path / "empty", tmp_path / "nowhere"):
        with pytest.raises(FileNotFoundError, match="reprise data fetch cifar10"):
            read(missing)
    (tmp_path / "empty" / PYTHON10.archive).write_bytes(b"no archive")
    with pytest.raises(CifarError, match="not a readable archive"):
        read(tmp_path / "empty")


def test_prepared_files_are_the_same_bytes_and_come_back_whole(tmp_path):
    images = Images(*shapes.generate(20, 10, 0))
    prepare(images, tmp_path / "a.npz")
    prepare(images, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.npz"]
    for ours, theirs in zip(load(tmp_path / "a.npz"), images, strict=True):
        assert np.array_equal(ours, theirs)


def test_make_takes_the_first_official_images_or_generates(tmp_path, monkeypatch):
    contents = files(PYTHON10, toy(), python2_pickle)
    with_sums(monkeypatch, PYTHON10, contents)
    lay_out(tmp_path / "raw/cifar10", PYTHON10, contents)
    config = Config(train=10, test=10, seed=0)
    make(config, "generated", tmp_path / "raw/cifar", tmp_path / "generated.npz")
    assert np.array_equal(load(tmp_path / "generated.npz").test_images, shapes.generate(10, 10, 0)[2])
    with pytest.raises(CifarError, match=r"10 \+ 10 images; cifar10 has 20 \+ 4"):
        make(config, "real", tmp_path / "raw/cifar", tmp_path / "real.npz")
    assert not (tmp_path / "real.npz").exists()
    monkeypatch.setattr(cifar, "read", lambda _: Images(*shapes.generate(30, 20, 1)))
    make(config, "real", tmp_path / "raw/cifar", tmp_path / "real.npz")
    assert np.array_equal(load(tmp_path / "real.npz").train_images, shapes.generate(30, 20, 1)[0][:10])


def test_the_split_holds_out_the_same_share_of_every_class():
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(10), 5000))
    held_out = split(labels, seed=3)
    assert held_out.sum() == 5000
    assert np.bincount(labels[held_out]).tolist() == [500] * 10
    assert np.array_equal(held_out, split(labels, seed=3))
    assert not np.array_equal(held_out, split(labels, seed=4))
    for fraction in (0, 1):
        with pytest.raises(ValueError, match="empty"):
            split(labels, 0, fraction)


def test_parts_do_not_overlap_unless_the_sources_protocol_is_asked_for():
    images = Images(*shapes.generate(200, 50, 0))
    train, validation, test = parts(images, seed=0)
    assert [len(part.labels) for part in (train, validation, test)] == [180, 20, 50]
    together = np.concatenate([train.index, validation.index, test.index])
    assert np.array_equal(np.sort(together), np.arange(250))
    everything = np.concatenate([images.train_images, images.test_images])
    for part in (train, validation, test):
        assert np.array_equal(everything[part.index], part.images)

    train, validation, test = parts(images, seed=0, protocol="source")
    assert np.array_equal(train.index, np.arange(200))
    assert np.array_equal(validation.images, images.test_images)
    assert np.array_equal(validation.index, test.index)
    with pytest.raises(ValueError, match="protocol='both'"):
        parts(images, 0, "both")


def test_generated_classes_share_each_cue_with_exactly_one_other():
    triples = list(zip(shapes.SHAPE, shapes.TEXTURE, shapes.HUE, strict=True))
    for cue in range(3):
        assert np.bincount([triple[cue] for triple in triples]).tolist() == [2] * 5
    for i in range(10):
        for j in range(i):
            assert sum(a == b for a, b in zip(triples[i], triples[j], strict=True)) <= 1
    assert len(set(shapes.CLASSES)) == 10


def test_generated_images_depend_on_the_seed_alone_and_classes_are_balanced():
    first, again, other = (shapes.generate(1030, 40, seed) for seed in (5, 5, 6))
    for a, b in zip(first, again, strict=True):
        assert np.array_equal(a, b)
    assert not np.array_equal(first[0], other[0])
    assert not np.array_equal(first[0][:40], first[2])
    assert first[0].shape == (1030, 32, 32, 3)
    assert first[0].dtype == np.uint8
    assert np.bincount(first[1]).tolist() == [103] * 10
    assert len(np.unique(first[0].reshape(1030, -1), axis=0)) == 1030
    with pytest.raises(ValueError, match="ten images"):
        shapes.generate(9, 10, 0)


def test_a_linear_model_sees_something_but_well_under_sixty_percent():
    train, labels, test, test_labels = shapes.generate(3000, 1000, 2)
    flat = [images[:, ::3, ::3].reshape(len(images), -1) / 255 - 0.5 for images in (train, test)]
    accuracy = RidgeClassifier(alpha=300.0).fit(flat[0], labels).score(flat[1], test_labels)
    assert 0.2 < accuracy < 0.55


def test_a_quarter_turn_changes_what_is_seen_and_mirroring_does_not():
    height = 32
    axis = (np.arange(height) + 0.5) / height * 2 - 1
    u = np.broadcast_to(axis, (5, height, height)).astype(np.float32)
    v = u.transpose(0, 2, 1)
    outlines = shapes._shape(np.arange(5), u, v) > 0
    assert np.array_equal(outlines, outlines[:, :, ::-1])
    turned = np.rot90(outlines, axes=(1, 2))
    assert np.array_equal(turned[2], outlines[3])  # a wide bar becomes a tall one
    assert np.array_equal(np.rot90(outlines[0], 2), outlines[1])
    assert not np.array_equal(turned[0], outlines[0])
    waves = shapes._texture(np.arange(5), 9 * u, 9 * v, np.zeros((5, 1, 1), np.float32))
    assert np.array_equal(waves[0].T, waves[1])  # lying stripes become standing ones
    assert not waves[4].any()
