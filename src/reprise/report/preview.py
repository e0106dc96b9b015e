"""The picture that a shared link shows: a claim, its verdict, and the interval against the band."""

from __future__ import annotations

import functools
import textwrap
from pathlib import Path
from typing import Any

import matplotlib
from PIL import Image, ImageDraw, ImageFont

from reprise.files import replacing

SIZE = (1200, 630)  # px, as sites show it
EDGE = 72
PAPER, INK, SOFT, LINE = "#fbfaf7", "#1e232b", "#59636f", "#d8d6cf"
TONES = {
    "reproduced": "#17693f", "contradicted": "#a82a41", "inconclusive": "#7d5900", "stand-in": "#46598a",
    "built": "#46598a", "untested": "#626b76",
}  # fmt: skip
BAND = "#cfe6d9"
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"  # the same letters on every machine
COLOURS = 32  # of the file's palette: flat areas and smooth letters


def draw_claim(path: Path, page: dict[str, Any]) -> None:
    """Draws the preview of a claim's page (``claim_page.claim_page``)."""
    row, tone = page["best"]["row"], TONES[page["best"]["state"]]
    image, draw = _sheet(tone)
    draw.text((EDGE, 58), f"Claim {page['id']}", font=_font(30), fill=SOFT)
    draw.text((SIZE[0] - EDGE, 58), "Reprise", font=_font(30, "Serif-Bold"), fill=INK, anchor="ra")
    y = 118
    for line in _lines(page["catalogued"].title, 30, 2):
        draw.text((EDGE, y), line, font=_font(58, "Serif-Bold"), fill=INK)
        y += 74
    for line in _lines(page["catalogued"].claim, 64, 2):
        draw.text((EDGE, y + 6), line, font=_font(27), fill=SOFT)
        y += 38
    verdict = f"{page['best']['symbol']} {page['best']['state']}"
    width = draw.textlength(verdict, font=_font(34, "Sans-Bold"))
    draw.rounded_rectangle((EDGE, 378, EDGE + width + 48, 438), 30, fill=tone)
    draw.text((EDGE + 24, 408), verdict, font=_font(34, "Sans-Bold"), fill=PAPER, anchor="lm")
    if row["interval"] is not None:
        measured = f"{row['value']}  {row['interval_text']}".strip()
        draw.text((EDGE + width + 76, 408), _fitting(draw, measured, width), font=_font(34), fill=INK, anchor="lm")
        _interval(draw, row, tone)
    said = " · ".join(filter(None, (page["best"]["label"], row["size"])))
    draw.text((EDGE, 566), said, font=_font(26), fill=SOFT)
    _write(image, path)


def draw_front(path: Path, answered: str, counts: list[dict[str, Any]]) -> None:
    """Draws the preview of the first page: how many were answered, and a bar of all.

    Args:
        path: of the PNG.
        answered: how many were, in words.
        counts: as ``view.state_counts`` gives them.
    """
    image, draw = _sheet(TONES["reproduced"])
    draw.text((EDGE, 96), "Deep-learning folklore, re-run", font=_font(60, "Serif-Bold"), fill=INK)
    draw.text((EDGE, 214), answered, font=_font(76, "Sans-Bold"), fill=TONES["reproduced"])
    total = sum(each["count"] for each in counts)
    x, span = float(EDGE), SIZE[0] - 2 * EDGE
    for each in counts:
        end = x + span * each["count"] / max(total, 1)
        draw.rectangle((x, 350, end, 390), fill=TONES[each["state"]])
        x = end
    words = ", ".join(f"{each['count']} {each['state']}" for each in counts if each["count"])
    for place, line in enumerate(textwrap.wrap(words, 66)):
        draw.text((EDGE, 430 + 44 * place), line, font=_font(30), fill=SOFT)
    _write(image, path)


def _sheet(tone: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, SIZE[0], 14), fill=tone)
    return image, draw


def _interval(draw: ImageDraw.ImageDraw, row: dict[str, Any], tone: str) -> None:
    """Band, interval and value on one line, over what must be seen of them."""
    value, (low, high) = row["effect"], row["interval"]
    band = row["band"] or {}
    ends = [end for end in (value, low, high, band.get("low"), band.get("high")) if end is not None]
    if value is None or min(ends) == max(ends):
        return
    least, most = min(ends), max(ends)
    left, right, middle = EDGE, SIZE[0] - EDGE, 500
    air = 0.08 * (right - left)

    def at(number: float | None, otherwise: float) -> float:
        if number is None:
            return otherwise
        return left + air + (number - least) / (most - least) * (right - left - 2 * air)

    if row["band"]:
        draw.rectangle((at(band["low"], left) - 2, middle - 26, at(band["high"], right) + 2, middle + 26), fill=BAND)
    draw.line((left, middle, right, middle), fill=LINE, width=2)
    draw.line((at(low, left), middle, at(high, right), middle), fill=tone, width=8)
    x = at(value, left)
    draw.ellipse((x - 13, middle - 13, x + 13, middle + 13), fill=tone)


def _lines(text: str, width: int, most: int) -> list[str]:
    return textwrap.wrap(text, width, max_lines=most, placeholder=" …")


def _fitting(draw: ImageDraw.ImageDraw, text: str, taken: float) -> str:
    """As much of a text as fits beside the verdict."""
    room = SIZE[0] - 2 * EDGE - taken - 76
    while len(text) > 1 and draw.textlength(text, font=_font(34)) > room:
        text = text.removesuffix("…")[:-1] + "…"
    return text


@functools.cache
def _font(size: int, name: str = "Sans") -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / f"DejaVu{name}.ttf", size, layout_engine=ImageFont.Layout.BASIC)


def _write(image: Image.Image, path: Path) -> None:
    with replacing(path) as temporary:
        image.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(temporary, format="PNG")
