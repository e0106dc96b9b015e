"""Scores of anyone's label pictures: two folders, the same names, one table (``reprise scores``).

Reads pictures one after the other, whatever their number; all or nothing, and every file that is wrong is named.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from reprise.data.folders import composed, natural, pictures
from reprise.data.label_pictures import read_labels, voc_palette
from reprise.data.many import UnreadableImagesError, each
from reprise.data.opening import PictureError, quiet
from reprise.files import check_writable, replacing, shown, write_rows, write_text
from reprise.metrics.boundary import boundary_counts, boundary_iou
from reprise.metrics.confusion import Confusion, class_dice, class_iu
from reprise.metrics.segmentation import confusion_scores

COLUMNS = ("class", "pixels", "accuracy", "iu", "dice", "boundary_iu")
WORST = 8  # pictures that are shown
SIDE, GAP = 220, 10  # pixels of a picture on the sheet
WRONG = (230, 60, 40)


@dataclass(frozen=True)
class Scored:
    """What two folders give.

    Attributes:
        matrix: (k, k) counts, rows truth.
        boundaries: (k, 2) intersections and unions.
        pictures: names and mean IU of each, the worst first.
        ignored: pixels that count nowhere.
    """

    matrix: np.ndarray
    boundaries: np.ndarray
    pictures: list[tuple[str, float]] = field(repr=False)
    ignored: int

    @property
    def rows(self) -> list[tuple[object, ...]]:
        """A row a class that occurs, as ``COLUMNS`` says, and their mean; None where a number does not exist."""
        true, iu, dice = self.matrix.sum(axis=1), class_iu(self.matrix), class_dice(self.matrix)
        right = np.diag(self.matrix)
        accuracy = np.divide(right, true, out=np.full(len(true), np.nan), where=true > 0)
        numbers = np.column_stack([accuracy, iu, dice, boundary_iou(self.boundaries)])
        there = np.flatnonzero(~np.isnan(iu))
        rows = [(int(label), int(true[label]), *map(_number, numbers[label])) for label in there]
        return [*rows, ("mean", int(true.sum()), *(_number(np.nanmean(column[there])) for column in numbers.T))]

    @property
    def summary(self) -> dict[str, float]:
        """The four scores of the FCN paper, and boundary IoU and dice as means over classes."""
        mean = self.rows[-1]
        return vars(confusion_scores(self.matrix)) | {"mean_dice": mean[4], "mean_boundary_iu": mean[5]}

    def __str__(self) -> str:
        lines = [f"{'class':>6} {'pixels':>12} {'accuracy':>9} {'IU':>7} {'dice':>7} {'boundary IU':>12}"]
        for label, pixels, *numbers in self.rows:
            said = [f"{number:.4f}" if number is not None else "–" for number in numbers]
            lines.append(f"{label:>6} {pixels:>12,} {said[0]:>9} {said[1]:>7} {said[2]:>7} {said[3]:>12}")
        scores = confusion_scores(self.matrix)
        lines.append(
            f"{len(self.pictures)} pictures, {self.ignored:,} pixels ignored; "
            f"pixel accuracy {scores.pixel_accuracy:.4f}, mean accuracy {scores.mean_accuracy:.4f}, "
            f"mean IU {scores.mean_iu:.4f}, "
            f"frequency-weighted IU {scores.frequency_weighted_iu:.4f}"
        )
        lines.append(f"worst: {', '.join(f'{shown(name)} ({score:.3f})' for name, score in self.pictures[:3])}")
        return "\n".join(lines)


def score_folders(
    truth: Path,
    predicted: Path,
    classes: int | None = None,
    ignore: int = 255,
    out: Path | None = None,
    worst: Path | None = None,
    distance: int | None = None,
) -> Scored:
    """Compares label pictures of the same names.

    Args:
        truth: folder, searched with everything below it.
        predicted: folder with a picture for each.
        classes: labels beyond are errors; by default the largest that is found.
        ignore: label of the truth that counts nowhere.
        out: a CSV to write: a row a class, and their mean.
        worst: a PNG to write: truth, prediction and mistakes of the pictures with the lowest mean IU.
        distance: of the boundary, in pixels; by default two hundredths of the diagonal.

    Raises:
        ValueError: a folder is missing or empty, an output lies among the pictures, or every file that is wrong.
            Nothing is written then.
    """
    if not 0 <= ignore <= 255 or (classes is not None and not 1 <= classes <= 255):
        raise ValueError(f"found {classes} classes and {ignore} to be ignored; labels are 0 to 255")
    if classes is not None and ignore < classes:
        raise ValueError(f"--ignore {ignore} is one of the {classes} classes; choose a label beyond them")
    if worst is not None and Path(worst).suffix.lower() != ".png":
        raise ValueError(f"{shown(worst)}: the picture of the worst is a PNG; name it .png")
    pairs, problems = _paired(Path(truth), Path(predicted))
    for path in (out, worst):
        if path is not None:
            _check_output(Path(path), (Path(truth), Path(predicted)))
    limit = classes or 256
    whole = Confusion(256, None)
    boundaries, found = np.zeros((256, 2), np.int64), []
    with quiet():
        sides = [[pair[side] for pair in pairs] for side in (0, 1)]
        read = [each(side, lambda path: read_labels(path, limit, ignore), problems) for side in sides]
        for (true_path, said_path), true, said in zip(pairs, *read, strict=True):
            if true is None or said is None:
                continue
            try:
                one, known = _counted(true, said, ignore)
            except PictureError as error:
                problems[said_path] = str(error)
                continue
            whole.matrix[:] += one
            whole.ignored += int(true.size - known)
            boundaries += boundary_counts(true, said, 256, distance, ignore)
            found.append((true_path.relative_to(truth).as_posix(), float(np.nanmean(class_iu(one))) if known else 1.0))
    if problems:
        raise UnreadableImagesError(problems)
    if not whole.matrix.sum():
        raise ValueError(f"{shown(truth)}: every pixel has the ignored label {ignore}")
    size = classes or 1 + int(np.flatnonzero(whole.matrix.any(axis=0) | whole.matrix.any(axis=1)).max())
    order = sorted(found, key=lambda each: (each[1], natural(each[0])))
    scored = Scored(whole.matrix[:size, :size], boundaries[:size], order, whole.ignored)
    if out is not None:
        stream = StringIO()
        write_rows(stream, [COLUMNS, *scored.rows])
        write_text(Path(out), stream.getvalue())
    if worst is not None:
        by_name = {one.relative_to(truth).as_posix(): (one, other) for one, other in pairs}
        _draw(Path(worst), [(name, score, *by_name[name]) for name, score in order[:WORST]], ignore)
    return scored


def _counted(true: np.ndarray, said: np.ndarray, ignore: int) -> tuple[np.ndarray, int]:
    if true.shape != said.shape:
        sizes = [f"{each.shape[0]} x {each.shape[1]}" for each in (said, true)]
        raise PictureError(f"is {sizes[0]}, the truth {sizes[1]}")
    known = true != ignore
    stray = np.count_nonzero(known & (said == ignore))
    if stray:
        raise PictureError(f"has the ignored label {ignore} at {stray} pixels whose truth is known")
    return Confusion(256, None).add(true[known], said[known]).matrix, int(known.sum())


def _paired(truth: Path, predicted: Path) -> tuple[list[tuple[Path, Path]], dict[Path, str]]:
    """Pictures with their fellows, and those without one."""
    sides = []
    for folder in (truth, predicted):
        if not folder.is_dir():
            raise FileNotFoundError(f"{shown(folder)} is not a folder")
        by_name: dict[str, Path] = {}
        for path in sorted(pictures(folder)):
            name = composed(path.relative_to(folder).with_suffix("").as_posix())
            if name in by_name:
                raise ValueError(f"{shown(path)}: the same name as {shown(by_name[name].name)}; leave one of them")
            by_name[name] = path
        sides.append(by_name)
    missing = {sides[0][name]: f"no prediction in {shown(predicted)}" for name in sides[0].keys() - sides[1].keys()}
    missing |= {sides[1][name]: f"no truth in {shown(truth)}" for name in sides[1].keys() - sides[0].keys()}
    if not sides[0] and not missing:
        raise ValueError(f"{shown(truth)} holds no pictures")
    return [
        (sides[0][name], sides[1][name]) for name in sorted(sides[0].keys() & sides[1].keys(), key=natural)
    ], missing


def _check_output(path: Path, folders: tuple[Path, Path]) -> None:
    place = path.resolve()
    for folder in folders:
        if folder.resolve() in place.parents:
            raise ValueError(f"{shown(path)} would lie among the pictures of {shown(folder)}; write it elsewhere")
    check_writable(path)


def _draw(path: Path, rows: list[tuple[str, float, Path, Path]], ignore: int) -> None:
    """Truth, prediction and mistakes side by side, in VOC's colours."""
    palette, lines = voc_palette(), []
    for name, score, *files in rows:
        true, said = (read_labels(file) for file in files)
        mistakes = np.where(((true != said) & (true != ignore))[..., None], np.uint8(WRONG), palette[true] // 3 + 170)
        small = [Image.fromarray(each) for each in (palette[true], palette[said], mistakes.astype(np.uint8))]
        for each_one in small:
            each_one.thumbnail((SIDE, SIDE), Image.Resampling.NEAREST)
        lines.append((f"{shown(name)}: mean IU {score:.3f}"[:90], small))
    height = sum(small[0].height + 18 + GAP for _, small in lines) + GAP
    sheet = Image.new("RGB", (3 * SIDE + 4 * GAP, height), "white")
    draw, font, top = ImageDraw.Draw(sheet), ImageFont.load_default(12), GAP
    for words, small in lines:
        for column, each_one in enumerate(small):
            sheet.paste(each_one, (GAP + column * (SIDE + GAP), top))
        top += small[0].height + 2
        draw.text((GAP, top), words, fill=(25, 25, 25), font=font)
        top += 16 + GAP
    with replacing(path) as temporary:
        sheet.save(temporary, format="PNG")


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
