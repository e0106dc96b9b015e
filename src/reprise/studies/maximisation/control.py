"""Do the readers know a digit that is there? True digits, laid over the noise that results grew from.

That a result is not read says that it shows no digit only where readers know one that it does show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from reprise.claims.evidence import joined
from reprise.data.digits import Images
from reprise.studies.maximisation.readers import Readers

EACH = 30  # test images of a digit that are laid over each start, where there are as many
KNOWN = 0.5  # readers that know fewer of the true digits than every second one are no witnesses


@dataclass(frozen=True)
class Control:
    """What the readers make of one digit.

    Attributes:
        laid: (starts,) share of true digits over each start that one of the readers names.
        bare: share of the starts themselves that one of them calls so.
    """

    laid: np.ndarray
    bare: float


def laid_over(starts: np.ndarray, pictures: np.ndarray) -> np.ndarray:
    """(each, starts, 28, 28): pictures over starts, the lighter of both at every pixel; repeated where too few."""
    each = min(EACH, max(1, len(pictures) // len(starts)))
    shape = (each, *starts.shape)
    return np.maximum(np.resize(pictures, shape), starts)


def controls(readers: Readers, images: Images, starts: np.ndarray, digits: tuple[int, ...]) -> dict[int, Control]:
    """The readers' answers for each of some digits.

    Args:
        readers: as fitted.
        images: the prepared set, of whose test images the first are taken.
        starts: (n, 28, 28) the random ones, in [0, 1].
        digits: which are asked.

    Raises:
        ValueError: there is no test image of one of them.
    """
    bare, found = readers.names(starts), {}
    for digit in digits:
        pictures = images.test_images[images.test_labels == digit][: EACH * len(starts), ..., 0] / 255.0
        if not len(pictures):
            raise ValueError(f"no test image shows a {digit}")
        read = (readers.names(laid_over(starts, pictures)) == digit).any(axis=0)
        found[digit] = Control(read.mean(axis=0), float((bare == digit).any(axis=0).mean()))
    return found


def unknown(control: Mapping[int, Control], *digits: int) -> str:
    """Why what the readers say of results for these digits may not be judged; empty where they know them."""
    shares = {digit: control[digit].laid.mean() for digit in digits}
    words = [
        f"of true {digit}s over the same noise the readers know {100 * share:.1f} %"
        for digit, share in shares.items()
        if share < KNOWN
    ]
    return joined(*words)
