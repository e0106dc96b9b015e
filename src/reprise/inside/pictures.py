"""The user's own pictures as tensors, and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from reprise.data.depth import as_bytes, is_deep
from reprise.data.opening import PictureError, opened, upright
from reprise.files import replacing, shown

SMALLEST = 32  # pixels of the shorter side: networks halve it four or five times


def read_colour(path: Path, size: int | None = None) -> Tensor:
    """A picture as it is shown, in any format and colour mode that is read; grey becomes three equal channels.

    Args:
        path: the file.
        size: of the longer side, pixels; as it is where it is left out.

    Returns:
        (1, 3, h, w) in [0, 1]; transparent parts on white.

    Raises:
        ValueError: not one readable picture, or too small a side; it names the file.
        OSError: the file cannot be opened.
    """
    try:
        with opened(path) as image:
            image = Image.fromarray(as_bytes(path, image, None)) if is_deep(image) else upright(image)
            if image.has_transparency_data:
                image = image.convert("RGBA")
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
            image = image.convert("RGB")
            if size is not None:
                scale = size / max(image.size)
                sides = [max(1, round(side * scale)) for side in image.size]
                image = image.resize(sides, Image.Resampling.LANCZOS)
            pixels = np.asarray(image, np.float32) / 255
    except PictureError as error:
        raise ValueError(f"{shown(path)} {error}") from None
    if min(pixels.shape[:2]) < SMALLEST:
        h, w = pixels.shape[:2]
        raise ValueError(f"{shown(path)}: {w} x {h} pixels; {SMALLEST} x {SMALLEST} are needed at least (--size)")
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].contiguous()


def write_colour(path: Path, image: Tensor) -> None:
    """Writes (1, 3, h, w) in [0, 1], whole or not at all; the ending says in which format (.png, .jpg, ...).

    Raises:
        ValueError: an ending that stands for no format.
    """
    pixels = (image[0].clamp(0, 1).permute(1, 2, 0).cpu().numpy() * 255 + 0.5).astype(np.uint8)
    check_format(path)
    with replacing(path) as temporary:
        Image.fromarray(pixels).save(temporary, format=Image.registered_extensions()[path.suffix.lower()])


def spared(out: Path, *pictures: Path) -> None:
    """Raises ValueError where an output would replace one of the pictures that it is made from."""
    for path in pictures:
        if out.exists() and path.exists() and out.samefile(path):
            raise ValueError(f"{shown(out)} is the picture itself, which would be lost; give --out another name")


def check_format(path: Path) -> None:
    """Raises ValueError where pictures cannot be written under this name."""
    Image.init()
    kind = Image.registered_extensions().get(Path(path).suffix.lower())
    if kind not in ("PNG", "JPEG", "TIFF", "WEBP", "BMP"):
        raise ValueError(f"{shown(path)}: name it .png, .jpg, .tif, .webp or .bmp")
