"""What Mask R-CNN with ResNet-FPN costs as published, in multiply-adds: sums over layers (claim 130)."""

from __future__ import annotations

BLOCKS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}
PICTURE = (800, 1333)  # pixels, the paper's shorter and Detectron's longer side
PROPOSALS, DETECTIONS = 1000, 100  # of a picture, when it is tested with FPN
CLASSES = 80  # COCO's
FPN = 256  # channels
ANCHORS = 3  # a cell


def convolution(kernel: int, inputs: int, outputs: int, size: tuple[int, int]) -> int:
    """Multiply-adds for an output of this size."""
    return kernel**2 * inputs * outputs * size[0] * size[1]


def half(size: tuple[int, int]) -> tuple[int, int]:
    """What a stride of 2 leaves, with padding that keeps odd ends."""
    return (size[0] + 1) // 2, (size[1] + 1) // 2


def resnet(layers: int, size: tuple[int, int]) -> tuple[int, list[tuple[int, int]]]:
    """Multiply-adds of all convolutions, and the sizes of the four stages' maps."""
    size = half(size)
    total = convolution(7, 3, 64, size)
    size, channels, sizes = half(size), 64, []
    for stage, repeats in enumerate(BLOCKS[layers]):
        width = 64 * 2**stage
        for block in range(repeats):
            before = size
            size = half(size) if stage and block == 0 else size
            total += convolution(1, channels, width, before) + convolution(3, width, width, size)
            total += convolution(1, width, 4 * width, size)
            total += convolution(1, channels, 4 * width, size) if block == 0 else 0  # the projection
            channels = 4 * width
        sizes.append(size)
    return total, sizes


def pyramid(sizes: list[tuple[int, int]]) -> int:
    """Across and over each stage's map."""
    across = sum(convolution(1, 256 * 2**stage, FPN, size) for stage, size in enumerate(sizes))
    return across + sum(convolution(3, FPN, FPN, size) for size in sizes)


def proposer(sizes: list[tuple[int, int]]) -> int:
    """The region proposal network, on one map more than the backbone has."""
    every = [*sizes, half(sizes[-1])]
    return sum(convolution(3, FPN, FPN, size) + convolution(1, FPN, 5 * ANCHORS, size) for size in every)


def box_head(regions: int) -> int:
    """Two dense layers on 7 x 7 cells, classes with background and a box for each class."""
    return regions * (49 * FPN * 1024 + 1024 * 1024 + 1024 * (CLASSES + 1 + 4 * CLASSES))


def mask_head(regions: int) -> int:
    """Four convolutions on 14 x 14 cells, one that doubles them, one that ends in a mask a class."""
    doubled = FPN * FPN * 28 * 28  # kernel 2, stride 2: each output comes from one cell
    return regions * (4 * convolution(3, FPN, FPN, (14, 14)) + doubled + convolution(1, FPN, CLASSES, (28, 28)))


def faster(layers: int = 101, picture: tuple[int, int] = PICTURE) -> dict[str, int]:
    """Multiply-adds of the parts of Faster R-CNN with ResNet-FPN."""
    backbone, sizes = resnet(layers, picture)
    return {
        "backbone": backbone,
        "feature pyramid": pyramid(sizes),
        "region proposals": proposer(sizes),
        "box head": box_head(PROPOSALS),
    }


def mask_share(layers: int = 101, detections: int = DETECTIONS) -> float:
    """The mask branch's multiply-adds as a share of Faster R-CNN's."""
    return mask_head(detections) / sum(faster(layers).values())
