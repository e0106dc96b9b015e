"""Readers of annotated pictures: Penn-Fudan's masks, VOC's XML; what is wrong is told by file, all at once."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from reprise.data import pennfudan, voc
from reprise.data.annotated import Annotated, read_all
from reprise.data.many import UnreadableImagesError
from reprise.data.objects import Config, make
from reprise.data.opening import PictureError
from reprise.data.sets import check_set


def pedestrians(folder, name, *boxes, size=(40, 60), text=None):
    """One picture of the set: boxes x1, y1, x2, y2 filled with 1, 2, ..."""
    root = folder / "PennFudanPed"
    for part in ("PNGImages", "PedMasks", "Annotation"):
        (root / part).mkdir(parents=True, exist_ok=True)
    numbers = np.zeros(size, np.uint8)
    for place, (x1, y1, x2, y2) in enumerate(boxes, start=1):
        numbers[y1:y2, x1:x2] = place
    Image.fromarray(np.full((*size, 3), 99, np.uint8)).save(root / "PNGImages" / f"{name}.png")
    Image.fromarray(numbers).save(root / "PedMasks" / f"{name}_mask.png")
    lines = [
        f'object {i} "P" (Xmin, Ymin) - (Xmax, Ymax) : ({x + 1}, {y + 1}) - ({u}, {v})'
        for i, (x, y, u, v) in enumerate(text or boxes, 1)
    ]
    (root / "Annotation" / f"{name}.txt").write_text("\n".join(lines))
    return root


def test_pedestrians_have_the_boxes_of_their_masks(tmp_path):
    pedestrians(tmp_path, "a", (3, 4, 10, 30), (20, 1, 25, 39))
    pedestrians(tmp_path, "b", (0, 0, 60, 40))
    one, other = pennfudan.read(tmp_path)
    assert one.boxes.tolist() == [[3, 4, 10, 30], [20, 1, 25, 39]]
    assert one.masks.sum((1, 2)).tolist() == [7 * 26, 5 * 38]
    assert other.boxes.tolist() == [[0, 0, 60, 40]]
    assert one.classes == ("pedestrian",) * 2


def test_every_fault_of_the_pedestrians_is_told(tmp_path):
    root = pedestrians(tmp_path, "a", (3, 4, 10, 30))
    pedestrians(tmp_path, "b", (3, 4, 10, 30), text=[(3, 4, 10, 37)])
    pedestrians(tmp_path, "c", (3, 4, 10, 30), text=[(3, 4, 10, 30)] * 2)
    pedestrians(tmp_path, "d")
    pedestrians(tmp_path, "e", (3, 4, 10, 30))
    (root / "PedMasks" / "e_mask.png").unlink()
    pedestrians(tmp_path, "f", (3, 4, 10, 30))
    (root / "PedMasks" / "f_mask.png").write_bytes(b"no picture")
    with pytest.raises(UnreadableImagesError) as caught:
        pennfudan.read(tmp_path)
    found = {path.name: what for path, what in caught.value.problems.items()}
    assert found["b.txt"] == "boxes differ from the mask: pedestrian 1 by 7 pixels"
    assert found["c.txt"] == "has 2 boxes, its mask 1 pedestrians"
    assert "numbered from 1 on" in found["d_mask.png"]
    assert "No such file" in found["e_mask.png"]
    assert "not an image" in found["f_mask.png"]
    assert len(found) == 5


def test_where_there_are_no_pedestrians_it_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"PNGImages has no pictures; unpack PennFudanPed\.zip to"):
        pennfudan.read(tmp_path)


def test_real_pictures_become_a_prepared_file(tmp_path):
    for name in "abcdef":
        pedestrians(tmp_path / "pennfudan", name, (3, 4, 33, 30))
    make(Config(train=4, test=4, size=32, seed=0), "real", tmp_path / "objects", tmp_path / "out.npz")
    from reprise.data.annotated import load

    found = load(tmp_path / "out.npz")
    assert found.images.shape == (6, 32, 32, 3)
    assert found.test.tolist() == [False, False, True] * 2
    np.testing.assert_allclose(found.boxes[0, 0], [3 * 32 / 60, 4 * 32 / 40, 33 * 32 / 60, 30 * 32 / 40], rtol=1e-6)
    assert abs(found.masks[0, 0].sum() - 16 * 20.8) < 30


XML = """<annotation><filename>{name}</filename><size><width>60</width><height>40</height><depth>3</depth></size>
{objects}</annotation>"""
OBJECT = """<object><name>{label}</name><difficult>{difficult}</difficult><bndbox><xmin>{0}</xmin><ymin>{1}</ymin>
<xmax>{2}</xmax><ymax>{3}</ymax></bndbox></object>"""


def annotated(folder, name, *objects, picture=True, size=(40, 60)):
    for part in ("Annotations", "JPEGImages"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    if picture:
        Image.fromarray(np.full((*size, 3), 99, np.uint8)).save(folder / "JPEGImages" / f"{name}.jpg")
    text = "".join(OBJECT.format(*box, label=label, difficult=hard) for label, box, hard in objects)
    path = folder / "Annotations" / f"{name}.xml"
    path.write_text(XML.format(name=f"{name}.jpg", objects=text))
    return path


def test_xml_counts_pixels_from_1_and_difficult_objects_are_left_out(tmp_path):
    annotated(tmp_path, "a", ("dog", (1, 1, 60, 40), 0), ("cat", (5, 6, 5, 6), 1))
    (found,) = voc.read(tmp_path)
    assert found.classes == ("dog",)
    assert found.boxes.tolist() == [[0, 0, 60, 40]]
    assert found.size == (40, 60)
    (both,) = voc.read(tmp_path, difficult=True)
    assert both.boxes[1].tolist() == [4, 5, 5, 6]


def test_the_official_archives_own_folders_are_found(tmp_path):
    annotated(tmp_path / "VOCdevkit" / "VOC2012", "a", ("dog", (1, 1, 60, 40), 0))
    (found,) = voc.read(tmp_path)
    assert found.picture == tmp_path / "VOCdevkit" / "VOC2012" / "JPEGImages" / "a.jpg"


def test_a_check_of_voc_reads_boxes_and_labels_whichever_are_there(tmp_path):
    folder = tmp_path / "voc"
    folder.mkdir()
    with pytest.raises(FileNotFoundError, match="neither Annotations nor SegmentationClass"):
        check_set("voc", tmp_path)
    annotated(folder, "a", ("dog", (1, 1, 60, 40), 0))
    assert check_set("voc", tmp_path).endswith("1 pictures, 1 objects: dog")
    (folder / "SegmentationClass").mkdir()
    with pytest.raises(ValueError, match=r"train\.txt: No such file"):
        check_set("voc", tmp_path)
    annotated(folder, "b", ("dog", (9, 9, 4, 20), 0))
    with pytest.raises(ValueError, match="is reversed") as caught:
        check_set("voc", tmp_path)
    assert "train.txt: No such file" in str(caught.value)


def test_faults_of_boxes_classes_and_pictures_are_told_by_file_all_at_once(tmp_path):
    annotated(tmp_path, "a", ("dog", (1, 1, 61, 40), 0), ("emu", (5, 6, 9, 9), 0))
    annotated(tmp_path, "b", ("dog", (9, 9, 4, 20), 0), ("dog", (5, 5, 4, 9), 0))
    annotated(tmp_path, "c", ("dog", (1, 1, 9, 9), 0), picture=False)
    annotated(tmp_path, "d", ("dog", (1, 1, 9, 9), 0), size=(50, 60))
    annotated(tmp_path, "e", ("dog", (1, 1, 9, 9), 0))
    with pytest.raises(UnreadableImagesError) as caught:
        read_all(voc.read(tmp_path), 32, ("dog", "cat"))
    found = {path.name: what for path, what in caught.value.problems.items()}
    assert found["a.xml"] == (
        "object 1 (dog): box 0, 0 to 61, 40 reaches out of the picture, which is 60 x 40; "
        "object 2 (emu): no such class; known are dog, cat"
    )
    assert found["b.xml"] == "object 1 (dog): box 8, 8 to 4, 20 is reversed; object 2 (dog): box 4, 4 to 4, 9 is empty"
    assert "No such file" in found["c.jpg"]
    assert found["d.xml"] == "says that the picture is 60 x 40, it is 60 x 50"
    assert len(found) == 4


BOMB = """<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<annotation><filename>&c;</filename></annotation>"""
FILE = """<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><annotation><filename>&b;</filename></annotation>"""


@pytest.mark.parametrize(
    "content", [BOMB, FILE, "<!DOCTYPE annotation SYSTEM 'http://example.org/a.dtd'><annotation/>"]
)
def test_xml_that_declares_a_document_type_is_refused_before_it_is_expanded(tmp_path, content):
    path = tmp_path / "a.xml"
    path.write_text(content)
    with pytest.raises(PictureError, match="declares a document type"):
        voc.parse(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is no XML"),
        ("<annotation>", "is no XML"),
        ("<annotation/>", "filename: found ''"),
        ("<a/>", "expected <annotation>, found <a>"),
        ("<annotation><filename>../../etc/passwd</filename></annotation>", "filename: found '../../etc/passwd'"),
        ("<annotation><filename>a.jpg</filename><object/></annotation>", "object 1 has no name"),
        (XML.format(name="a", objects=OBJECT.format("x", 1, 2, 3, label="dog", difficult=0)), "bndbox/xmin: found 'x'"),
        (XML.format(name="a", objects=OBJECT.format("nan", 1, 2, 3, label="dog", difficult=0)), "found nan"),
        ("<annotation>&undefined;</annotation>", "is no XML"),
        ("<?xml version='1.0' encoding='no-such'?><annotation/>", "is no XML"),
        ("\x00\x01", "is no XML"),
    ],
)
def test_what_is_no_annotation_is_told(tmp_path, content, message):
    (tmp_path / "Annotations").mkdir()
    (tmp_path / "Annotations" / "a.xml").write_text(content)
    with pytest.raises(UnreadableImagesError, match=message):
        voc.read(tmp_path)


def test_names_from_files_are_shown_without_what_a_terminal_would_obey(tmp_path):
    row = Annotated(tmp_path / "a.png", tmp_path / "a.xml", ("\x1b[31m",), np.array([[0.0, 0, 1, 1]]))
    assert row.faults((9, 9), ("dog",)) == [r"object 1 (\x1b[31m): no such class; known are dog"]
