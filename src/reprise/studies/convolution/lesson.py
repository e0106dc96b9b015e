"""Convolution arithmetic in NumPy: convolve, pad, pool, unpool, transpose; and the sizes that come out.

Images are ``(n, channels, height, width)`` arrays. Kernels are ``(filters, channels, size, size)``. Everything is
square in space, as in the formulas: a size ``n``, a kernel ``k``, a stride ``s`` and a padding ``p`` (zeros on each
side). What deep learning calls convolution does not flip its kernel (it is a cross-correlation); learned kernels do
not care.

Two sources are behind this page: a wiki's overview of deep learning (claims 106-113), whose size formulas have two
gaps (defect 16) and which calls the transposed convolution a reverse process (defect 19); and Dumoulin and Visin, *A
guide to convolution arithmetic for deep learning* (2016), for the right forms.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Padding = Literal["full", "same", "valid"]
Pool = Literal["max", "mean"]

# --- sizes ------------------------------------------------------------------------------------------------------------


def conv_output_size(size: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """``floor((n + 2p - k) / s) + 1``: how often the kernel fits. Pooling has the same size, without padding.

    Raises:
        ValueError: the kernel is larger than the padded input, or a number makes no sense.
    """
    _check_geometry(kernel, stride, padding)
    if size < 1 or size + 2 * padding < kernel:
        raise ValueError(f"a kernel of {kernel} does not fit an input of {size} with padding {padding}")
    return (size + 2 * padding - kernel) // stride + 1


def conv_output_size_as_written(size: int, kernel: int, stride: int = 1) -> float:
    """The overview's ``(N - F) / stride + 1`` (claim 107): no padding and no rounding, so that it can be a fraction."""
    return (size - kernel) / stride + 1


def transposed_output_size(size: int, kernel: int, stride: int = 1, padding: int = 0, output_padding: int = 0) -> int:
    """``s (o - 1) + k - 2p + a``: the size that a transposed convolution makes of ``o``.

    ``a`` is the output padding. With stride ``s`` a convolution maps ``s`` neighbouring sizes to one, so that the way
    back is ambiguous; ``a`` says which of the ``s`` is meant.

    Raises:
        ValueError: nothing is left, or the output padding is no remainder of the stride.
    """
    _check_geometry(kernel, stride, padding)
    if not 0 <= output_padding < stride:
        raise ValueError(f"output padding {output_padding} must lie in 0 .. {stride - 1}, the remainders of the stride")
    result = stride * (size - 1) + kernel - 2 * padding + output_padding
    if size < 1 or result < 1:
        raise ValueError(f"a transposed convolution of {size} with kernel {kernel} and padding {padding} has no pixels")
    return result


def output_padding_for(forward_size: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """``(n + 2p - k) mod s`` for the size ``n`` that the *forward* convolution was given: what its floor threw away."""
    return (forward_size + 2 * padding - kernel) % stride


def transposed_output_size_as_written(input_w: int, kernel_w: int, stride: int = 1, pad: int = 0) -> int:
    """The overview's formula (claim 109): the remainder is taken of the transposed convolution's own input.

    The right remainder is that of the forward convolution's input, which is what one wants to get back (defect 16).
    """
    return stride * (input_w - 1) + ((input_w + 2 * pad - kernel_w) % stride) + kernel_w - 2 * pad


def padding_for(mode: Padding, kernel: int) -> int:
    """Zeros on each side: ``full`` k - 1 (every overlap counts), ``same`` (k - 1) / 2, ``valid`` none.

    With stride 1 the outputs have n + k - 1, n and n - k + 1 pixels.

    Raises:
        ValueError: unknown mode, or ``same`` with an even kernel, which has no symmetric padding.
    """
    if mode == "same" and kernel % 2 == 0:
        raise ValueError(f"same padding needs an odd kernel, found {kernel}: {kernel - 1} zeros cannot be halved")
    amounts = {"full": kernel - 1, "same": kernel // 2, "valid": 0}
    if mode not in amounts:
        raise ValueError(f"padding {mode!r}: expected one of {', '.join(amounts)}")
    return amounts[mode]


def conv_parameters(channels: int, filters: int, kernel: int) -> int:
    """Weights and biases of a convolutional layer: ``filters (channels k^2 + 1)``, whatever the image's size."""
    return filters * (channels * kernel**2 + 1)


# --- convolution ------------------------------------------------------------------------------------------------------


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
    _check_images(images)
    if kernels.ndim != 4 or kernels.shape[1] != images.shape[1] or kernels.shape[2] != kernels.shape[3]:
        raise ValueError(
            f"kernels {kernels.shape} do not fit images {images.shape}: expected (filters, channels, k, k)"
        )
    for size in images.shape[2:]:
        conv_output_size(size, kernels.shape[2], stride, padding)
    windows = _windows(pad(images, padding), kernels.shape[2], stride)
    output = np.einsum("ncijuv,fcuv->nfij", windows, kernels, optimize=True)
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
    _check_images(images)
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


# --- pooling and unpooling --------------------------------------------------------------------------------------------


def pool2d(images: np.ndarray, size: int, stride: int | None = None, mode: Pool = "max") -> np.ndarray:
    """The largest or the mean value of each window, channel by channel (claim 110).

    Args:
        images: (n, channels, h, w).
        size: of the window.
        stride: default ``size``: windows side by side.
        mode: ``max`` or ``mean``.

    Returns:
        (n, channels, h', w') with sizes by ``conv_output_size``; rows that no whole window covers are left out.

    Raises:
        ValueError: unknown mode, or the window does not fit.
    """
    _check_images(images)
    if mode not in ("max", "mean"):
        raise ValueError(f"pooling {mode!r}: expected max or mean")
    stride = size if stride is None else stride
    for length in images.shape[2:]:
        conv_output_size(length, size, stride)
    windows = _windows(images, size, stride)
    return windows.max(axis=(4, 5)) if mode == "max" else windows.mean(axis=(4, 5))


def global_average_pool(images: np.ndarray) -> np.ndarray:
    """One mean a channel: (n, channels, h, w) -> (n, channels, 1, 1) (claim 111)."""
    _check_images(images)
    return images.mean(axis=(2, 3), keepdims=True)


def bed_of_nails(images: np.ndarray, factor: int) -> np.ndarray:
    """Each value in the upper left corner of a ``factor`` x ``factor`` block of zeros (claim 112)."""
    _check_images(images)
    n, channels, height, width = images.shape
    output = np.zeros((n, channels, factor * height, factor * width), dtype=images.dtype)
    output[:, :, ::factor, ::factor] = images
    return output


def nearest_neighbour(images: np.ndarray, factor: int) -> np.ndarray:
    """Each value repeated over a ``factor`` x ``factor`` block (claim 113)."""
    _check_images(images)
    return images.repeat(factor, axis=2).repeat(factor, axis=3)


def max_pool_with_places(images: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Max pooling that remembers where each maximum stood, so that ``max_unpool`` can put it back.

    Returns:
        The pooled images (n, channels, h/size, w/size), and for each value its place in its window, row by row,
        0 .. size^2 - 1; of equal values the first.
    """
    windows = _windows(images, size, size)
    flat = windows.reshape(*windows.shape[:4], size**2)
    places = flat.argmax(axis=-1)
    return np.take_along_axis(flat, places[..., None], axis=-1)[..., 0], places


def max_unpool(pooled: np.ndarray, places: np.ndarray, size: int) -> np.ndarray:
    """Puts each value back where its maximum stood, zeros elsewhere: (n, c, h, w) -> (n, c, size h, size w)."""
    blocks = (np.arange(size**2) == places[..., None]) * pooled[..., None]
    n, channels, height, width = pooled.shape
    blocks = blocks.reshape(n, channels, height, width, size, size).transpose(0, 1, 2, 4, 3, 5)
    return blocks.reshape(n, channels, size * height, size * width)


# --- edges ------------------------------------------------------------------------------------------------------------


def edge_contrast(images: np.ndarray) -> np.ndarray:
    """How sharp an edge that crosses the image is, all along it: 1 for black against white, 0 for none.

    The largest step between neighbouring pixels is taken in each row and averaged over the rows, for edges that run
    up and down; the same in columns for the others; the larger of the two counts.

    Args:
        images: (n, 1, h, w) with values in [0, 1].

    Returns:
        (n,) in [0, 1].
    """
    _check_images(images)
    rows = np.abs(np.diff(images, axis=3)).max(axis=3, initial=0).mean(axis=(1, 2))
    columns = np.abs(np.diff(images, axis=2)).max(axis=2, initial=0).mean(axis=(1, 2))
    return np.maximum(rows, columns)


def step_edges(angles: np.ndarray, offsets: np.ndarray, size: int) -> np.ndarray:
    """Black-and-white half planes: (n, 1, size, size), one where a pixel's centre lies beyond the edge.

    Args:
        angles: (n,) of the edge's normal, radians.
        offsets: (n,) of the edge from the centre, pixels.
        size: of the image.
    """
    return (_distances(angles, offsets, size) > 0)[:, None].astype(float)


def bright_lines(angles: np.ndarray, offsets: np.ndarray, size: int, width: float = 1.0) -> np.ndarray:
    """White lines on black, ``width`` pixels wide: (n, 1, size, size). One minus it is a dark line on white."""
    return (np.abs(_distances(angles, offsets, size)) <= width / 2)[:, None].astype(float)


def _distances(angles: np.ndarray, offsets: np.ndarray, size: int) -> np.ndarray:
    """(n, size, size): signed distance of each pixel's centre from each line."""
    centre = np.arange(size) - (size - 1) / 2
    normals = (
        np.cos(angles)[:, None, None] * centre[None, None, :] + np.sin(angles)[:, None, None] * centre[None, :, None]
    )
    return normals - offsets[:, None, None]


def _windows(images: np.ndarray, size: int, stride: int) -> np.ndarray:
    """(n, channels, h', w', size, size): a view of every window."""
    return sliding_window_view(images, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]


def _check_images(images: np.ndarray) -> None:
    if images.ndim != 4:
        raise ValueError(f"images have shape {images.shape}: expected (n, channels, height, width)")


def _check_geometry(kernel: int, stride: int, padding: int) -> None:
    if kernel < 1 or stride < 1 or padding < 0:
        raise ValueError(f"kernel {kernel}, stride {stride}, padding {padding}: expected at least 1, 1 and 0")
