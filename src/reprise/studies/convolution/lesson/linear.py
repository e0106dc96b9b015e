"""Convolution as a linear map: the sum over windows, its matrix and its transpose."""

from __future__ import annotations

import numpy as np

from reprise.studies.convolution.lesson.sizes import conv_output_size, transposed_output_size
from reprise.studies.convolution.lesson.unpooling import bed_of_nails
from reprise.studies.convolution.lesson.windows import check_images, windows


def conv2d(
    images: np.ndarray, kernels: np.ndarray, bias: np.ndarray | None = None, stride: int = 1, padding: int = 0
) -> np.ndarray:
    """The weighted sum of each neighbourhood (claim 106).

    ``out[n, f, i, j] = b[f] + sum over c, u, v of images[n, c, s i + u, s j + v] * kernels[f, c, u, v]``: all windows
    are laid out as a view without copying, and one ``einsum`` sums them.

    Args:
        images: (n, channels, h, w).
        kernels: (filters, channels, k, k).
        bias: (filters,) or None.
        stride: pixels between windows.
        padding: zeros on each side.

    Returns:
        (n, filters, h', w') with sizes by ``conv_output_size``.

    Raises:
        ValueError: shapes do not fit.
    """
    check_images(images)
    if kernels.ndim != 4 or kernels.shape[1] != images.shape[1] or kernels.shape[2] != kernels.shape[3]:
        raise ValueError(
            f"kernels {kernels.shape} do not fit images {images.shape}: expected (filters, channels, k, k)"
        )
    for size in images.shape[2:]:
        conv_output_size(size, kernels.shape[2], stride, padding)
    everywhere = windows(pad(images, padding), kernels.shape[2], stride)
    output = np.einsum("ncijuv,fcuv->nfij", everywhere, kernels, optimize=True)
    return output if bias is None else output + bias[:, None, None]


def pad(images: np.ndarray, amount: int) -> np.ndarray:
    """Adds ``amount`` rows and columns of zeros on each side."""
    return np.pad(images, ((0, 0), (0, 0), (amount, amount), (amount, amount)))


def convolution_matrix(kernels: np.ndarray, size: int, stride: int = 1, padding: int = 0) -> np.ndarray:
    """The matrix A with ``A @ image.ravel() == conv2d(image, ...).ravel()``: a convolution is linear.

    Its column j is what the convolution makes of an image that is one at pixel j and zero elsewhere.

    Args:
        kernels: (filters, channels, k, k).
        size: height and width of the image.
        stride, padding: as in ``conv2d``.

    Returns:
        (filters o^2, channels size^2), mostly zeros.
    """
    channels = kernels.shape[1]
    basis = np.eye(channels * size**2).reshape(-1, channels, size, size)
    return conv2d(basis, kernels, stride=stride, padding=padding).reshape(len(basis), -1).T


def transposed_conv2d(
    images: np.ndarray, kernels: np.ndarray, stride: int = 1, padding: int = 0, output_padding: int = 0
) -> np.ndarray:
    """The transpose of ``conv2d`` as a linear map: ``<conv2d(x), y> == <x, transposed_conv2d(y)>`` (claim 109).

    Zeros are put between the pixels (bed-of-nails unpooling), then an ordinary convolution with the flipped kernel
    and full padding runs over them. It has the shape of an inverse and is none: it spreads each pixel over a window,
    where an inverse would have to undo the weighting (defect 19).

    Args:
        images: (n, filters, h, w): what the forward convolution put out.
        kernels: (filters, channels, k, k): the forward convolution's own.
        stride, padding: the forward convolution's own.
        output_padding: which of the ``stride`` possible sizes is meant; see ``output_padding_for``.

    Returns:
        (n, channels, h', w') with sizes by ``transposed_output_size``.

    Raises:
        ValueError: shapes do not fit.
    """
    check_images(images)
    if kernels.ndim != 4 or kernels.shape[0] != images.shape[1] or kernels.shape[2] != kernels.shape[3]:
        raise ValueError(f"kernels {kernels.shape} do not fit images {images.shape}: expected (channels in, out, k, k)")
    size = kernels.shape[2]
    height, width = (transposed_output_size(n, size, stride, padding, output_padding) for n in images.shape[2:])
    nails = bed_of_nails(images, stride)
    nails = nails[:, :, : nails.shape[2] - stride + 1, : nails.shape[3] - stride + 1]  # zeros between, not after
    nails = np.pad(nails, ((0, 0), (0, 0), (0, output_padding), (0, output_padding)))
    flipped = kernels[:, :, ::-1, ::-1].swapaxes(0, 1)
    everything = conv2d(nails, flipped, padding=size - 1)
    return everything[:, :, padding : padding + height, padding : padding + width]
