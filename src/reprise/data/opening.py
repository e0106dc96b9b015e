"""Opening the one picture in a file, in any format that is read; whatever is wrong with it becomes one line."""

from __future__ import annotations

import functools
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from reprise.files import one_line, shown

# Formats of Pillow's that hold a picture; those that run programs (PostScript) or are lists of icons, layers or films
# are left out, whatever a file's name says. TGA has no signature: anything might be one, so there the name must say it.
FORMATS = ("TIFF", "PNG", "JPEG", "BMP", "DIB", "GIF", "WEBP", "AVIF", "JPEG2000", "PPM", "QOI", "SGI", "PCX", "TGA")
TGA = (".tga", ".icb", ".vda", ".vst")
SUFFIXES = frozenset(
    {
        *(".tif", ".tiff", ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".bmp", ".dib", ".gif", ".webp"),
        *(".avif", ".avifs", ".jp2", ".j2k", ".jpc", ".jpf", ".jpx", ".j2c", ".pbm", ".pgm", ".ppm", ".pnm", ".pfm"),
        *(".qoi", ".sgi", ".rgb", ".rgba", ".bw", ".pcx", *TGA),
    }
)
ORIENTATION = 0x0112
SUBFILE = 254  # a TIFF's tag; its lowest bit says that a page is a smaller copy
TURNS = {  # by EXIF's orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


AT_ONCE = 120_000_000  # pixels of pictures that threads decode at the same time: each takes up to 50 bytes


class PictureError(ValueError):
    """A file is not one readable picture; says what was found there, not where."""


class _Room:
    """So many pixels and no more are open at a time, or one picture: a file of 1 MB may hold 170 million."""

    def __init__(self) -> None:
        self.taken, self.changed, self.own = 0, threading.Condition(), threading.local()

    @contextmanager
    def of(self, size: tuple[int, int]) -> Iterator[None]:
        """Waits until there is room; a thread that has some, for the same picture once more, is let in."""
        if getattr(self.own, "inside", False):
            yield
            return
        pixels = min(size[0] * size[1], AT_ONCE)
        with self.changed:
            self.changed.wait_for(lambda: self.taken + pixels <= AT_ONCE)
            self.taken += pixels
        self.own.inside = True
        try:
            yield
        finally:
            self.own.inside = False
            with self.changed:
                self.taken -= pixels
                self.changed.notify_all()


_room = _Room()


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """The picture in a file, not yet decoded. Whatever a decoder raises in the block becomes a PictureError.

    Raises:
        PictureError: not one readable picture.
        OSError: the file cannot be opened.
    """
    # by a handle: from a path, Pillow maps plain TIFFs into memory, and garbles those that it turns
    with Path(path).open("rb") as stream:
        if not os.fstat(stream.fileno()).st_size:
            raise PictureError("is empty")
        try:
            formats = _formats(Path(path).suffix.lower() in TGA)
            with Image.open(stream, formats=formats) as image, _room.of(image.size):
                if (pages := _pages(image)) > 1:
                    raise PictureError(
                        f"holds {pages} pictures (pages or frames); save the one that is meant as a file of its own"
                    )
                yield image
        except PictureError:
            raise
        except UnidentifiedImageError:
            raise PictureError("is not an image, or of a kind that is not read") from None
        except Exception as error:  # damaged bytes make decoders raise anything, TypeError and struct.error among them
            raise PictureError(f"cannot be decoded ({type(error).__name__}: {shown(one_line(error))})") from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps Pillow's warnings about what it could skip off the terminal: what it could not read is an error anyway."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


def upright(image: Image.Image) -> Image.Image:
    """The decoded picture as it is shown."""
    turn = TURNS.get(orientation(image))
    image.load()
    image = image if turn is None else image.transpose(turn)
    return image.convert(image.mode.upper()) if image.mode in ("La", "RGBa") else image  # alpha multiplied in


def orientation(image: Image.Image) -> int:
    """EXIF's orientation, 1 to 8, where it is left to us: Pillow turns TIFFs itself."""
    if image.format == "TIFF":
        return 1
    try:
        found = Image.Image.getexif(image).get(ORIENTATION)  # PNG's own method decodes the picture to look behind it
    except Exception:  # tags so broken that they cannot be read at all
        return 1
    return found if type(found) is int and found in TURNS else 1


@functools.cache
def _formats(tga: bool) -> tuple[str, ...]:
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN and (tga or name != "TGA"))


def _pages(image: Image.Image) -> int:
    """How many pictures a file holds; pages of a TIFF that say that they are smaller copies do not count."""
    pages = getattr(image, "n_frames", 1)
    if image.format == "MPO":
        return 1
    if image.format == "TIFF" and pages > 1:
        reduced = 0
        for page in range(1, pages):
            image.seek(page)
            kind = image.tag_v2.get(SUBFILE, 0)
            reduced += isinstance(kind, int) and kind & 1
        image.seek(0)
        pages -= reduced
    return pages
