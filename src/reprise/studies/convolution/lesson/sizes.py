"""Sizes: of a convolution and of the way back, each as it is right and as the source writes it."""

from __future__ import annotations

from typing import Literal

Padding = Literal["full", "same", "valid"]


def conv_output_size(size: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """``floor((n + 2p - k) / s) + 1``: how often the kernel fits. Pooling has the same size, without padding.

    Raises:
        ValueError: the kernel is larger than the padded input, or a number makes no sense.
    """
    check_geometry(kernel, stride, padding)
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
    check_geometry(kernel, stride, padding)
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


def check_geometry(kernel: int, stride: int, padding: int) -> None:
    """Refuses kernels and strides below 1 and negative padding."""
    if kernel < 1 or stride < 1 or padding < 0:
        raise ValueError(f"kernel {kernel}, stride {stride}, padding {padding}: expected at least 1, 1 and 0")
