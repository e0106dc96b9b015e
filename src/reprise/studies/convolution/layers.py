"""Claims 106-108: the weighted sum, the size with and without padding, and the source's example of a layer."""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Finding, equals, primary
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
RANDOM = "random tensors of random geometries"
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


def findings(declared: Declarations, gaps: Gaps, sizes: Sizes) -> list[Finding]:
    """Values, then sizes, then the example."""
    padded = sizes.paddings > 0
    count, whole = int(padded.sum()), padded & sizes.whole
    modes = modes_right()
    image, filters, output = LAYER["image"], LAYER["filters"], LAYER["output"]
    layer, wanted = example_layer(), (output["channels"], output["size"], output["size"])
    return [
        primary(
            declared[106],
            exact(gaps.forward.max(), len(gaps.forward)),
            oracle="torch.nn.functional.conv2d",
            note=RANDOM,
        ),
        primary(
            declared[107],
            exact(sizes.padded_right[whole].mean(), int(whole.sum())),
            variant="text",
            note="With N the padded input, as the source's own example needs. With N as printed it gives 28 for that "
            f"example's 32, and the size of {100 * sizes.plain_right[padded].mean():.0f} % of padded layers.",
            figures=SHOWN,
        ),
        Finding(
            107,
            "Share of all padded layers, where a remainder counts as no size",
            exact(sizes.padded_right[padded].mean(), count),
            note="The others leave a remainder, and the source does not say that it is dropped; the share is one of "
            "this grid.",
        ),
        Finding(
            107,
            "Share of padded layers whose size is floor((n + 2p − k)/s) + 1",
            exact(sizes.right[padded].mean(), count),
            equals(1.0),
            kind="oracle",
            variant="corrected",
            oracle="shapes of torch.nn.functional.conv2d",
            figures=SHOWN,
        ),
        Finding(
            107,
            "The source's formula on its own padded example, 32 × 32 with a 5 × 5 filter, N as printed",
            exact(conv_output_size_as_written(image["size"], filters["size"], filters["stride"]), unit="pixels"),
            equals(output["size"]),
            kind="slip",
            variant="text",
            published=EXAMPLE,
            defect=16,
            note="The formula leaves out the padding under whose heading it stands.",
        ),
        Finding(
            107,
            "Share of padded layers whose size the formula gives with N as printed",
            exact(sizes.plain_right[padded].mean(), count),
            variant="text",
            defect=16,
            note="28 for its own 32.",
        ),
        Finding(
            107,
            "Share of full, same and valid layers with N + F − 1, N and N − F + 1 pixels",
            exact(np.mean(modes), len(modes)),
            equals(1.0),
            kind="secondary",
            figures=SHOWN,
        ),
        primary(
            declared[108],
            exact(max(abs(found - said) for found, said in zip(layer.shape[1:], wanted, strict=True)), len(wanted)),
            published=EXAMPLE,
        ),
        Finding(
            108,
            "Parameters of the layer: 10 (3 · 5 · 5 + 1)",
            exact(conv_parameters(image["channels"], filters["channels"], filters["size"])),
            equals(760),
            kind="secondary",
            note="The source gives no count; 760 follows from its sizes with one bias a filter.",
        ),
    ]
