"""Pictures with objects in them, each with a class, a box and maybe a mask: what readers give, checked and stacked.

A box is (x1, y1, x2, y2) in pixels, its corners on the edges between them, whatever a file's own way to count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from reprise.data.label_pictures import read_colour
from reprise.data.many import UnreadableImagesError
from reprise.data.opening import PictureError
from reprise.files import read_npz, shown, write_npz


@dataclass(frozen=True)
class Annotated:
    """What is known of one picture.

    Attributes:
        picture: its file.
        told_by: the file that says what is in it.
        classes: (k,) names.
        boxes: (k, 4) float.
        size: height and width, as the annotation has them; None where it does not say.
        masks: (k, h, w) bool, where there are any.
    """

    picture: Path
    told_by: Path
    classes: tuple[str, ...]
    boxes: np.ndarray
    size: tuple[int, int] | None = None
    masks: np.ndarray | None = None

    def faults(self, size: tuple[int, int], known: Sequence[str] | None) -> list[str]:
        """All that is wrong with it, in words: boxes outside the picture, empty or reversed, unknown classes."""
        found = []
        if self.size is not None and self.size != size:
            found.append(f"says that the picture is {self.size[1]} x {self.size[0]}, it is {size[1]} x {size[0]}")
        for place, (name, box) in enumerate(zip(self.classes, self.boxes, strict=True), start=1):
            words = f"object {place} ({shown(name)}): "
            x1, y1, x2, y2 = (float(value) for value in box)
            where = f"box {x1:g}, {y1:g} to {x2:g}, {y2:g}"
            if not np.isfinite(box).all():
                found.append(f"{words}{where} is not finite")
            elif x2 < x1 or y2 < y1:
                found.append(f"{words}{where} is reversed")
            elif x2 == x1 or y2 == y1:
                found.append(f"{words}{where} is empty")
            elif x1 < 0 or y1 < 0 or x2 > size[1] or y2 > size[0]:
                found.append(f"{words}{where} reaches out of the picture, which is {size[1]} x {size[0]}")
            if known is not None and name not in known:
                found.append(f"{words}no such class; known are {', '.join(map(shown, known))}")
        return found


@dataclass(frozen=True)
class Pictures:
    """Pictures of one size, with their objects padded to one number.

    Attributes:
        images: (n, h, w, 3) uint8.
        boxes: (n, most, 4) float32, 0 behind the last object.
        classes: (n, most) uint8, places in ``class_names``.
        count: (n,) uint8: how many objects there are.
        masks: (n, most, h, w) bool; no ``most`` where there are none (n, 0, h, w).
        test: (n,) bool: which are for testing.
        class_names: names.
    """

    images: np.ndarray
    boxes: np.ndarray
    classes: np.ndarray
    count: np.ndarray
    masks: np.ndarray
    test: np.ndarray
    class_names: tuple[str, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.images.shape[1:3]

    def write(self, path: Path) -> None:
        """One uncompressed ``.npz``: the same pictures as the same bytes."""
        arrays = {name: getattr(self, name) for name in ("images", "boxes", "classes", "count", "test")}
        write_npz(path, **arrays, masks=np.packbits(self.masks, axis=-1), class_names=np.array(self.class_names))


def load(path: Path) -> Pictures:
    """Reads what :meth:`Pictures.write` wrote."""
    with read_npz(path) as arrays:
        images = arrays["images"]
        masks = np.unpackbits(arrays["masks"], axis=-1, count=images.shape[2]).astype(bool)
        plain = (arrays[name] for name in ("boxes", "classes", "count"))
        return Pictures(images, *plain, masks, arrays["test"], tuple(arrays["class_names"].tolist()))


def padded(
    images: Sequence[np.ndarray],
    boxes: Sequence[np.ndarray],
    classes: Sequence[Sequence[int]],
    masks: Sequence[np.ndarray] | None,
    test: np.ndarray,
    class_names: tuple[str, ...],
) -> Pictures:
    """Stacks pictures of one size and what is in each.

    Raises:
        ValueError: nothing to stack, or more than 255 objects in a picture.
    """
    count = np.array([len(each) for each in boxes])
    if not len(count) or count.max() > 255:
        raise ValueError(f"found {len(count)} pictures with up to {count.max(initial=0)} objects; 255 at most")
    height, width = images[0].shape[:2]
    most = int(count.max())
    all_boxes = np.zeros((len(count), most, 4), np.float32)
    all_classes = np.zeros((len(count), most), np.uint8)
    all_masks = np.zeros((len(count), most if masks is not None else 0, height, width), bool)
    for i, k in enumerate(count):
        all_boxes[i, :k], all_classes[i, :k] = boxes[i], classes[i]
        if masks is not None:
            all_masks[i, :k] = masks[i]
    return Pictures(np.stack(images), all_boxes, all_classes, count.astype(np.uint8), all_masks, test, class_names)


def read_all(annotated: Iterable[Annotated], side: int, known: Sequence[str] | None, each_test: int = 3) -> Pictures:
    """Reads the pictures, checks all that is said of them, and brings them to ``side`` x ``side`` pixels.

    Args:
        annotated: in the order in which every ``each_test``-th is for testing.
        side: pixels; sides of other proportions are squeezed to it.
        known: names of classes; by default those that occur, sorted.
        each_test: see above.

    Raises:
        UnreadableImagesError: with every file at fault and everything that is wrong with it.
    """
    rows = list(annotated)
    names = tuple(known or sorted({name for row in rows for name in row.classes}))
    problems: dict[Path, str] = {}
    images, boxes, classes, masks = [], [], [], []
    for row in rows:
        try:
            image = read_colour(row.picture)
        except (PictureError, OSError) as error:
            missing = isinstance(error, OSError)
            problems[row.picture] = (error.strerror or str(error)) if missing else str(error)
            continue
        size = image.shape[:2]
        if faults := row.faults(size, names):
            problems[row.told_by] = "; ".join(faults)
            continue
        factor = np.array([side / size[1], side / size[0]] * 2)
        images.append(np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BILINEAR)))
        boxes.append(row.boxes * factor)
        classes.append([names.index(name) for name in row.classes])
        masks.append(None if row.masks is None else _resized(row.masks, side))
    if problems:
        raise UnreadableImagesError(problems)
    if not rows:
        raise ValueError("no annotated pictures")
    together = None if any(each is None for each in masks) else masks
    test = np.arange(len(rows)) % each_test == each_test - 1
    return padded(images, boxes, classes, together, test, names)


def _resized(masks: np.ndarray, side: int) -> np.ndarray:
    grey = [Image.fromarray(mask.astype(np.uint8) * 255).resize((side, side), Image.Resampling.BOX) for mask in masks]
    return np.array([np.asarray(each) >= 128 for each in grey]).reshape(-1, side, side)
