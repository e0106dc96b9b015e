"""Claims 106-108: the weighted sum, the size with and without padding, and the source's example of a layer."""

from __future__ import annotations

import numpy as np

from reprise.claims.evidence import Finding, below, equals
from reprise.statistics import exact
from reprise.studies.convolution.comparison import Gaps, Sizes
from reprise.studies.convolution.lesson.linear import conv2d
from reprise.studies.convolution.lesson.sizes import (
    conv_output_size,
    conv_output_size_as_written,
    conv_parameters,
    padding_for,
)
from reprise.studies.convolution.published import LAYER, written

SHOWN = ("convolution_padding",)
EXAMPLE = f"S3: {written(LAYER['output'])}"


def modes_right() -> list[bool]:
    """Whether full, same and valid padding give n + k - 1, n and n - k + 1 pixels, for many sizes and odd kernels."""
    return [
        conv_output_size(n, k, 1, padding_for(mode, k)) == n + grow * (k - 1)
        for mode, grow in (("full", 1), ("same", 0), ("valid", -1))
        for n in range(7, 12)
        for k in (1, 3, 5, 7)
    ]


def example_layer() -> np.ndarray:
    """The source's layer, run: (1, filters, height, width)."""
    image, filters = LAYER["image"], LAYER["filters"]
    pixels = np.ones((1, image["channels"], image["size"], image["size"]))
    kernels = np.ones((filters["channels"], image["channels"], filters["size"], filters["size"]))
    return conv2d(pixels, kernels, np.zeros(filters["channels"]), filters["stride"], filters["padding"])


def findings(gaps: Gaps, sizes: Sizes) -> list[Finding]:
    """Values, then sizes, then the example."""
    padded = sizes.paddings > 0
    modes = modes_right()
    return [
        Finding(
            106,
            "Largest difference of our weighted neighbourhood sum from PyTorch's convolution",
            exact(gaps.forward.max(), len(gaps.forward)),
            below(1e-6),
            oracle="torch.nn.functional.conv2d",
        ),
        Finding(
            107,
            "Share of padded layers whose size the source's formula (N − F)/stride + 1 gives",
            exact(sizes.plain_right[padded].mean(), int(padded.sum())),
            equals(1.0),
            variant="text",
            published="S3: (N − F)/stride + 1, under the heading Padding",
            defect=16,
            note="The formula has no padding in it. Where it is right all the same, the floor hides the padding.",
            figures=SHOWN,
        ),
        Finding(
            107,
            "The source's formula on its own padded example, 32 × 32 with a 5 × 5 filter",
            exact(
                conv_output_size_as_written(
                    LAYER["image"]["size"], LAYER["filters"]["size"], LAYER["filters"]["stride"]
                ),
                unit="pixels",
            ),
            kind="context",
            variant="text",
            published=EXAMPLE,
            defect=16,
        ),
        Finding(
            107,
            "Share of layers whose size is floor((N + 2P − F)/S) + 1",
            exact(sizes.right.mean(), len(padded)),
            equals(1.0),
            kind="oracle",
            variant="corrected",
            oracle="shapes of torch.nn.functional.conv2d",
        ),
        Finding(
            107,
            "Share of full, same and valid layers with N + F − 1, N and N − F + 1 pixels",
            exact(np.mean(modes), len(modes)),
            equals(1.0),
            variant="corrected",
            figures=SHOWN,
        ),
        *_example_findings(),
    ]


def _example_findings() -> list[Finding]:
    layer, output = example_layer(), LAYER["output"]
    parameters = conv_parameters(LAYER["image"]["channels"], LAYER["filters"]["channels"], LAYER["filters"]["size"])
    return [
        Finding(
            108, "Height and width of the output", exact(layer.shape[2]), equals(output["size"]), published=EXAMPLE
        ),
        Finding(108, "Depth of the output", exact(layer.shape[1]), equals(output["channels"]), published=EXAMPLE),
        Finding(
            108,
            "Parameters of the layer: 10 (3 · 5 · 5 + 1)",
            exact(parameters),
            equals(760),
            note="The source gives no count; 760 follows from its sizes with one bias a filter.",
        ),
    ]
