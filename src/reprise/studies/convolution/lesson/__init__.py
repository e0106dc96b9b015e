"""Convolution arithmetic in NumPy: convolve, pad, pool, unpool, transpose; and the sizes that come out.

Images are ``(n, channels, height, width)`` arrays. Kernels are ``(filters, channels, size, size)``. Everything is
square in space, as in the formulas: a size ``n``, a kernel ``k``, a stride ``s`` and a padding ``p`` (zeros on each
side). What deep learning calls convolution does not flip its kernel (it is a cross-correlation); learned kernels do
not care.

Two sources are behind this page: a wiki's overview of deep learning (claims 106-113), whose size formulas have two
gaps (defect 16) and which calls the transposed convolution a reverse process (defect 19); and Dumoulin and Visin, *A
guide to convolution arithmetic for deep learning* (2016), for the right forms.
"""
