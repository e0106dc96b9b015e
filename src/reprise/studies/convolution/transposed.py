"""Claim 109: the transposed convolution is the adjoint and no inverse, and its size has a trap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, Table, below, equals, primary
from reprise.statistics import exact, mean_effect
from reprise.studies.convolution.comparison import Gaps, Sizes
from reprise.studies.convolution.lesson.linear import conv2d, convolution_matrix, transposed_conv2d

SHOWN = ("convolution_sizes",)


@dataclass(frozen=True)
class WayBack:
    """How far AᵀA is from the identity, for random kernels with stride 2 and images of 8 x 8.

    Attributes:
        errors: (trials,) norm of the error over the image's, after the best scaling.
        rank: the largest rank of A, as a share of the image's dimensions.
    """

    errors: np.ndarray
    rank: float


def way_back(trials: int) -> WayBack:
    """Convolves random images and applies the transpose."""
    rng = np.random.default_rng(109)
    errors, ranks = [], []
    for _ in range(trials):
        kernels, image = rng.normal(size=(1, 1, 3, 3)), rng.normal(size=(1, 1, 8, 8))
        back = transposed_conv2d(conv2d(image, kernels, stride=2, padding=1), kernels, 2, 1, 1)
        cosine = (image * back).sum() / (np.linalg.norm(image) * np.linalg.norm(back))
        errors.append(np.sqrt(1 - cosine**2))
        ranks.append(np.linalg.matrix_rank(convolution_matrix(kernels, 8, 2, 1)) / 64)
    return WayBack(np.array(errors), max(ranks))


def there_and_back() -> dict[str, np.ndarray]:
    """Title -> image: a digit, its blur of half the size, the transpose of that, and the best linear guess."""
    from sklearn.datasets import load_digits

    image = load_digits().images[0] / 16
    blur = np.outer([1, 2, 1], [1, 2, 1])[None, None] / 16
    down = conv2d(image[None, None], blur, stride=2, padding=1)
    guess = (np.linalg.pinv(convolution_matrix(blur, 8, 2, 1)) @ down.ravel()).reshape(8, 8)
    return {
        "image x": image,
        "convolution Ax": down[0, 0],
        "transposed AᵀAx": transposed_conv2d(down, blur, 2, 1, 1)[0, 0],
        "least squares A⁺Ax": np.clip(guess, 0, 1),
    }


def findings(declared: Declaration, gaps: Gaps, sizes: Sizes, back: WayBack) -> list[Finding]:
    """The adjoint, the sizes by three rules, and what does not come back."""
    return [*_adjoint_findings(gaps), *_size_findings(declared, sizes), *_reverse_findings(back)]


def _adjoint_findings(gaps: Gaps) -> list[Finding]:
    return [
        Finding(
            109,
            "Largest difference of our transposed convolution from PyTorch's",
            exact(gaps.back.max(), len(gaps.back)),
            below(1e-6),
            kind="oracle",
            oracle="torch.nn.functional.conv_transpose2d",
        ),
        Finding(
            109,
            "Adjoint test: largest |⟨Ax, y⟩ − ⟨x, Aᵀy⟩| over the norms' product",
            exact(gaps.adjoint.max(), len(gaps.adjoint)),
            below(1e-6),
            kind="oracle",
            variant="corrected",
            oracle="the definition of a transpose",
        ),
    ]


def _size_findings(declared: Declaration, sizes: Sizes) -> list[Finding]:
    strided = sizes.strides > 1
    total = len(strided)
    return [
        primary(
            declared,
            exact(sizes.written_right.mean(), total),
            variant="text",
            defect=16,
            note="The remainder must be of the forward convolution's input, another number. With stride 1 there is no "
            "remainder and the formula is right; the share as such is one of this grid.",
            figures=SHOWN,
        ),
        Finding(
            109,
            "The same share among strides above 1",
            exact(sizes.written_right[strided].mean(), int(strided.sum())),
            variant="text",
            defect=16,
            figures=SHOWN,
        ),
        Finding(
            109,
            "Share of geometries whose size comes back with the forward input's remainder as output padding",
            exact(sizes.back_right.mean(), total),
            equals(1.0),
            kind="oracle",
            variant="corrected",
            oracle="shapes of torch.nn.functional.conv_transpose2d",
            figures=SHOWN,
        ),
        Finding(
            109,
            "Share of geometries whose size comes back without any remainder, a library's default",
            exact(sizes.default_right.mean(), total),
        ),
    ]


def _reverse_findings(back: WayBack) -> list[Finding]:
    return [
        Finding(
            109,
            "What of an image transposed convolution fails to bring back: norm of the error over the image's, "
            "after the best scaling",
            mean_effect(back.errors),
            equals(0.0, 1e-6),
            kind="slip",
            variant="text",
            published="S3: the reverse process of convolution",
            defect=19,
            note="Random images and 3 × 3 kernels, stride 2, padding 1. A reverse process would leave nothing.",
            figures=("convolution_way_back",),
        ),
        Finding(
            109,
            "Share of an image's dimensions that survive a one-filter convolution of stride 2 (rank of A)",
            exact(back.rank, len(back.errors)),
            note="What has no rank has no inverse: no process can reverse it.",
        ),
    ]


def stride_table(sizes: Sizes) -> Table:
    """How often each rule gives the size back, one stride a row."""
    rows = []
    for stride in np.unique(sizes.strides):
        chosen = sizes.strides == stride
        shares = [100 * rule[chosen].mean() for rule in (sizes.written_right, sizes.default_right, sizes.back_right)]
        rows.append((int(stride), int(chosen.sum()), *(f"{share:.1f} %" for share in shares)))
    return Table(
        "Does a transposed convolution give the size back?",
        ("stride", "geometries", "as written", "no output padding", "forward remainder"),
        tuple(rows),
        "Every geometry of the grid; right means the size that the forward convolution was given.",
    )
