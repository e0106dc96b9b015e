"""Annotations in the form of PASCAL VOC: an XML file a picture.

XML from strangers can name other files, or entities that double and double again. None of it is needed here, so that a
file which declares a document type, in which such things are said, is refused before anything is expanded.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat

import numpy as np

from reprise.data.annotated import Annotated
from reprise.data.many import UnreadableImagesError
from reprise.data.opening import PictureError
from reprise.files import one_line, shown

MOST_BYTES = 1 << 24  # of one annotation


def read(folder: Path, difficult: bool = False) -> list[Annotated]:
    """All annotated pictures, in the order of the annotations' names.

    Args:
        folder: that holds ``Annotations`` and ``JPEGImages``, itself or in ``VOCdevkit/VOC20xx``.
        difficult: keep objects that are marked as difficult.

    Raises:
        FileNotFoundError: no annotations there.
        UnreadableImagesError: with every file at fault.
    """
    root = root_of(folder)
    files = sorted((root / "Annotations").glob("*.xml"))
    if not files:
        raise FileNotFoundError(f"{root}/Annotations has no .xml files; put Annotations and JPEGImages there")
    problems: dict[Path, str] = {}
    rows = []
    for path in files:
        try:
            rows.append(read_annotation(path, root / "JPEGImages", difficult))
        except PictureError as error:
            problems[path] = str(error)
    if problems:
        raise UnreadableImagesError(problems)
    return rows


def root_of(folder: Path) -> Path:
    """Where the official archive's folders are: ``folder`` itself, or its first ``VOCdevkit/VOC20xx``."""
    inside = sorted(path.parent for path in folder.glob("VOCdevkit/*/JPEGImages"))
    return folder if (folder / "JPEGImages").is_dir() or not inside else inside[0]


def read_annotation(path: Path, pictures: Path, difficult: bool = False) -> Annotated:
    """One annotation. Its corners count pixels from 1 and lie within the box; ours lie on the edges.

    Raises:
        PictureError: not such an annotation; the message says what was found, not where.
    """
    root = parse(path)
    if root.tag != "annotation":
        raise PictureError(f"expected <annotation>, found <{shown(root.tag)}>")
    name = (root.findtext("filename") or "").strip()
    if not name or Path(name).name != name:
        raise PictureError(f"filename: found {shown(repr(name))}, expected the name of a picture in {pictures.name}")
    classes, boxes = [], []
    for place, element in enumerate(root.findall("object"), start=1):
        if (element.findtext("difficult") or "0").strip() == "1" and not difficult:
            continue
        label = (element.findtext("name") or "").strip()
        if not label:
            raise PictureError(f"object {place} has no name")
        x1, y1, x2, y2 = (
            _number(element, f"bndbox/{side}", f"object {place}") for side in ("xmin", "ymin", "xmax", "ymax")
        )
        classes.append(label)
        boxes.append((x1 - 1, y1 - 1, x2, y2))
    size = None
    if root.find("size") is not None:
        height, width = (_number(root, f"size/{side}", "the picture") for side in ("height", "width"))
        size = int(height), int(width)
    return Annotated(pictures / name, path, tuple(classes), np.array(boxes, dtype=float).reshape(-1, 4), size)


def parse(path: Path) -> ElementTree.Element:
    """The root of an XML file that declares no document type.

    Raises:
        PictureError: it declares one, is no XML, or is far too large.
    """

    def refuse(*_: object) -> None:
        raise PictureError("declares a document type, in which entities can be defined; take the <!DOCTYPE> out")

    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise PictureError(error.strerror or str(error)) from None
    if len(content) > MOST_BYTES:
        raise PictureError(f"has more than {MOST_BYTES:,} bytes")
    watcher = expat.ParserCreate()
    watcher.StartDoctypeDeclHandler = refuse
    watcher.EntityDeclHandler = refuse
    watcher.ExternalEntityRefHandler = refuse
    try:
        watcher.Parse(content, True)
        return ElementTree.fromstring(content)
    except (expat.ExpatError, ElementTree.ParseError, LookupError, ValueError) as error:
        if isinstance(error, PictureError):
            raise
        raise PictureError(f"is no XML ({one_line(error)})") from None


def _number(element: ElementTree.Element, tag: str, whose: str) -> float:
    text = (element.findtext(tag) or "").strip()
    try:
        value = float(text)
    except ValueError:
        raise PictureError(f"{whose}: {tag}: found {shown(repr(text[:40]))}, expected a number") from None
    if not abs(value) < 1e9:
        raise PictureError(f"{whose}: {tag}: found {value:g}, expected a number of pixels")
    return value
