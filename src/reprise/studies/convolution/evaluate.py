"""Claims 106-113: convolution, padding, pooling and the ways back, with the sizes that come out of each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from reprise.claims.evidence import Evidence, Finding, Metric, Table, above, below, equals
from reprise.statistics import exact, mean_effect, proportion
from reprise.studies.convolution import figures as figures
from reprise.studies.convolution import lesson
from reprise.studies.convolution.settings import Config, Grid
from reprise.workspace import Workspace


@threadpool_limits.wrap(limits=1)  # threads cost more than they give on matrices so small
def evaluate(workspace: Workspace) -> Evidence:
    """Measures claims 106-113."""
    import torch

    torch.set_num_threads(1)
    config: Config = workspace.config
    folder = workspace.evidence / "figures"
    geometries = list(_geometries(config.grid))
    sizes = _compare_sizes(geometries)
    cases = _random_cases(geometries, config.cases)
    contrasts = _contrasts(config)
    inverse = _way_back(config.cases)
    findings = [
        *_convolution_findings(cases, sizes),
        *_transposed_findings(cases, sizes, inverse),
        *_pooling_findings(contrasts),
        *_unpooling_findings(),
    ]
    figures.draw_padding(folder)
    figures.draw_sizes(folder, sizes)
    figures.draw_way_back(folder)
    figures.draw_pooling(folder, contrasts)
    figures.draw_unpooling(folder)
    return Evidence(
        data=f"generated: {len(geometries)} geometries, {config.cases} random tensors, {config.edges} edges and lines; "
        "one digit of scikit-learn for a figure",
        findings=findings,
        metrics={
            "transposed_formula_right": Metric(float(sizes["written_right"].mean()), "equal", n=len(geometries)),
            "corrected_formulas_right": Metric(
                float((sizes["right"] & sizes["back_right"]).mean()), "equal", n=len(geometries)
            ),
            "edge_contrast_max_minus_mean": Metric(
                float((contrasts["step", "max"] - contrasts["step", "mean"])[0].mean()), "higher", n=config.edges
            ),
        },
        tables=[_stride_table(sizes)],
        figures=figures.FIGURES,
        cost={"geometries": len(geometries), "trained_parameters": 0},
    )


# --- sizes ------------------------------------------------------------------------------------------------------------


def _geometries(grid: Grid) -> Iterator[tuple[int, int, int, int]]:
    """Every (n, k, s, p) whose kernel fits and whose padding is no wider than the kernel's reach."""
    ranges = (range(1, grid.size + 1), range(1, grid.kernel + 1), range(1, grid.stride + 1), range(grid.padding + 1))
    return (g for g in itertools.product(*ranges) if g[0] + 2 * g[3] >= g[1] and g[3] < g[1])


def _compare_sizes(geometries: list[tuple[int, int, int, int]]) -> dict[str, np.ndarray]:
    """Sizes by our formulas, by the source's, and by PyTorch's own layers (run on shapes alone)."""
    import torch
    import torch.nn.functional as F

    rows = []
    for n, k, s, p in geometries:
        kernel = torch.empty(1, 1, k, k, device="meta")
        layer = F.conv2d(torch.empty(1, 1, n, n, device="meta"), kernel, stride=s, padding=p)
        o = layer.shape[2]
        extra = lesson.output_padding_for(n, k, s, p)
        returned = F.conv_transpose2d(layer, kernel, stride=s, padding=p, output_padding=extra).shape[2]
        rows.append(
            (
                o,
                lesson.conv_output_size(n, k, s, p) == o,
                lesson.conv_output_size_as_written(n, k, s) == o,
                lesson.transposed_output_size(o, k, s, p, extra) == returned == n,
                lesson.transposed_output_size_as_written(o, k, s, p) == n,
                s * (o - 1) + k - 2 * p == n,
            )
        )
    names = ("output", "right", "plain_right", "back_right", "written_right", "default_right")
    columns = dict(zip(names, np.array(rows).T, strict=True))
    return columns | dict(zip("nksp", np.array(geometries).T, strict=True))


def _random_cases(geometries: list[tuple[int, int, int, int]], count: int) -> dict[str, np.ndarray]:
    """Differences from PyTorch, forward and transposed, and the adjoint identity, on random tensors."""
    import torch
    import torch.nn.functional as F

    rng = np.random.default_rng(106)
    forward, back, adjoint = [], [], []
    for index in rng.choice(len(geometries), size=count):
        n, k, s, p = geometries[index]
        x, kernels = rng.normal(size=(2, 3, n, n)), rng.normal(size=(4, 3, k, k))
        ours = lesson.conv2d(x, kernels, stride=s, padding=p)
        y = rng.normal(size=ours.shape)
        extra = lesson.output_padding_for(n, k, s, p)
        ours_back = lesson.transposed_conv2d(y, kernels, s, p, extra)
        kernels_, x_, y_ = (torch.from_numpy(array) for array in (kernels, x, y))
        theirs = F.conv2d(x_, kernels_, stride=s, padding=p).numpy()
        theirs_back = F.conv_transpose2d(y_, kernels_, stride=s, padding=p, output_padding=extra).numpy()
        forward.append(np.abs(ours - theirs).max())
        back.append(np.abs(ours_back - theirs_back).max())
        gap = abs((ours * y).sum() - (x * ours_back).sum())
        adjoint.append(gap / (np.linalg.norm(ours) * np.linalg.norm(y) + 1e-300))
    return {"forward": np.array(forward), "back": np.array(back), "adjoint": np.array(adjoint)}


def _convolution_findings(cases: dict[str, np.ndarray], sizes: dict[str, np.ndarray]) -> list[Finding]:
    padded = sizes["p"] > 0
    modes = [
        (lesson.padding_for(mode, k), n + grow * (k - 1), n, k)
        for mode, grow in (("full", 1), ("same", 0), ("valid", -1))
        for n in range(7, 12)
        for k in (1, 3, 5, 7)
    ]
    modes_right = [lesson.conv_output_size(n, k, 1, p) == expected for p, expected, n, k in modes]
    layer = lesson.conv2d(np.ones((1, 3, 32, 32)), np.ones((10, 3, 5, 5)), np.zeros(10), stride=1, padding=2)
    example = "S3: 32×32×10"
    return [
        Finding(
            106,
            "Largest difference of our weighted neighbourhood sum from PyTorch's convolution",
            exact(cases["forward"].max(), len(cases["forward"])),
            below(1e-6),
            oracle="torch.nn.functional.conv2d",
        ),
        Finding(
            107,
            "Share of padded layers whose size the source's formula (N − F)/stride + 1 gives",
            exact(sizes["plain_right"][padded].mean(), int(padded.sum())),
            equals(1.0),
            variant="text",
            published="S3: (N − F)/stride + 1, under the heading Padding",
            defect=16,
            note="The formula has no padding in it. Where it is right all the same, the floor hides the padding.",
            figures=("convolution_padding",),
        ),
        Finding(
            107,
            "The source's formula on its own padded example, 32 × 32 with a 5 × 5 filter",
            exact(lesson.conv_output_size_as_written(32, 5, 1), unit="pixels"),
            kind="context",
            variant="text",
            published=example,
            defect=16,
        ),
        Finding(
            107,
            "Share of layers whose size is floor((N + 2P − F)/S) + 1",
            exact(sizes["right"].mean(), len(padded)),
            equals(1.0),
            kind="oracle",
            variant="corrected",
            oracle="shapes of torch.nn.functional.conv2d",
        ),
        Finding(
            107,
            "Share of full, same and valid layers with N + F − 1, N and N − F + 1 pixels",
            exact(np.mean(modes_right), len(modes)),
            equals(1.0),
            variant="corrected",
            figures=("convolution_padding",),
        ),
        Finding(108, "Height and width of the output", exact(layer.shape[2]), equals(32), published=example),
        Finding(108, "Depth of the output", exact(layer.shape[1]), equals(10), published=example),
        Finding(
            108,
            "Parameters of the layer: 10 (3 · 5 · 5 + 1)",
            exact(lesson.conv_parameters(3, 10, 5)),
            equals(760),
            note="The source gives no count; 760 follows from its sizes with one bias a filter.",
        ),
    ]


def _transposed_findings(
    cases: dict[str, np.ndarray], sizes: dict[str, np.ndarray], inverse: dict[str, Any]
) -> list[Finding]:
    strided = sizes["s"] > 1
    total = len(strided)
    return [
        Finding(
            109,
            "Largest difference of our transposed convolution from PyTorch's",
            exact(cases["back"].max(), len(cases["back"])),
            below(1e-6),
            kind="oracle",
            oracle="torch.nn.functional.conv_transpose2d",
        ),
        Finding(
            109,
            "Adjoint test: largest |⟨Ax, y⟩ − ⟨x, Aᵀy⟩| over the norms' product",
            exact(cases["adjoint"].max(), len(cases["adjoint"])),
            below(1e-6),
            kind="oracle",
            variant="corrected",
            oracle="the definition of a transpose",
        ),
        Finding(
            109,
            "Share of geometries whose size comes back by the source's formula",
            exact(sizes["written_right"].mean(), total),
            equals(1.0),
            variant="text",
            published="S3: stride·(input_w − 1) + ((input_w + 2·pad − kernel_w) mod stride) + kernel_w − 2·pad",
            defect=16,
            note="input_w is the transposed convolution's own input; the remainder must be of the forward one's. "
            "With stride 1 there is no remainder and the formula is right.",
            figures=("convolution_sizes",),
        ),
        Finding(
            109,
            "The same share among strides above 1",
            exact(sizes["written_right"][strided].mean(), int(strided.sum())),
            kind="context",
            variant="text",
            defect=16,
            figures=("convolution_sizes",),
        ),
        Finding(
            109,
            "Share of geometries whose size comes back with the forward input's remainder as output padding",
            exact(sizes["back_right"].mean(), total),
            equals(1.0),
            kind="oracle",
            variant="corrected",
            oracle="shapes of torch.nn.functional.conv_transpose2d",
            figures=("convolution_sizes",),
        ),
        Finding(
            109,
            "Share of geometries whose size comes back without any remainder, a library's default",
            exact(sizes["default_right"].mean(), total),
            kind="context",
        ),
        Finding(
            109,
            "What of an image transposed convolution fails to bring back: norm of the error over the image's, "
            "after the best scaling",
            mean_effect(inverse["error"]),
            equals(0.0, 1e-6),
            variant="text",
            published="S3: the reverse process of convolution",
            defect=19,
            note="Random images and 3 × 3 kernels, stride 2, padding 1. A reverse process would leave nothing.",
            figures=("convolution_way_back",),
        ),
        Finding(
            109,
            "Share of an image's dimensions that survive a one-filter convolution of stride 2 (rank of A)",
            exact(inverse["rank"], inverse["trials"]),
            kind="context",
            note="What has no rank has no inverse: no process can reverse it.",
        ),
    ]


def _way_back(trials: int) -> dict[str, Any]:
    """How far AᵀA is from the identity: error after the best scaling, and the rank of A."""
    rng = np.random.default_rng(109)
    errors, ranks = [], []
    for _ in range(trials):
        kernels, image = rng.normal(size=(1, 1, 3, 3)), rng.normal(size=(1, 1, 8, 8))
        back = lesson.transposed_conv2d(lesson.conv2d(image, kernels, stride=2, padding=1), kernels, 2, 1, 1)
        cosine = (image * back).sum() / (np.linalg.norm(image) * np.linalg.norm(back))
        errors.append(np.sqrt(1 - cosine**2))
        ranks.append(np.linalg.matrix_rank(lesson.convolution_matrix(kernels, 8, 2, 1)) / 64)
    return {"error": np.array(errors), "rank": max(ranks), "trials": trials}


def _stride_table(sizes: dict[str, np.ndarray]) -> Table:
    rows = []
    for stride in np.unique(sizes["s"]):
        chosen = sizes["s"] == stride
        shares = [100 * sizes[name][chosen].mean() for name in ("written_right", "default_right", "back_right")]
        rows.append((int(stride), int(chosen.sum()), *(f"{share:.1f} %" for share in shares)))
    return Table(
        "Does a transposed convolution give the size back?",
        ("stride", "geometries", "as written", "no output padding", "forward remainder"),
        tuple(rows),
        "Every geometry of the grid; right means the size that the forward convolution was given.",
    )


# --- pooling and unpooling --------------------------------------------------------------------------------------------


def _contrasts(config: Config) -> dict[tuple[str, str], np.ndarray]:
    """(kind, pooling) -> (rounds, edges): share of the contrast that is left after each 2 x 2 pooling."""
    rng = np.random.default_rng(110)
    size = 64
    angles, offsets = rng.uniform(0, 2 * np.pi, config.edges), rng.uniform(-8, 8, config.edges)
    lines = lesson.bright_lines(angles, offsets, size, width=np.sqrt(2))  # so wide that it has no gaps at any angle
    kinds = {"step": lesson.step_edges(angles, offsets, size), "bright line": lines, "dark line": 1 - lines}
    result = {}
    for (kind, images), mode in itertools.product(kinds.items(), ("max", "mean")):
        left, pooled = [], images
        for _ in range(config.rounds):
            pooled = lesson.pool2d(pooled, 2, mode=mode)
            left.append(lesson.edge_contrast(pooled) / lesson.edge_contrast(images))
        result[kind, mode] = np.array(left)
    return result


def _pooling_findings(contrasts: dict[tuple[str, str], np.ndarray]) -> list[Finding]:
    import torch
    import torch.nn.functional as F

    rng = np.random.default_rng(111)
    representation, image = rng.normal(size=(1, 10, 8, 8)), rng.integers(0, 256, size=(1, 3, 100, 100)).astype(float)
    pooled, average = lesson.pool2d(representation, 2), lesson.global_average_pool(image)
    theirs = F.adaptive_avg_pool2d(torch.from_numpy(image), 1).numpy()
    shape = "S3: 8×8×10 becomes 4×4×10"

    def gain(kind: str) -> Any:
        return mean_effect((contrasts[kind, "max"] - contrasts[kind, "mean"])[0], unit="share")

    return [
        Finding(
            110,
            "Height and width after 2 × 2 pooling with stride 2",
            exact(pooled.shape[2]),
            equals(4),
            published=shape,
        ),
        Finding(110, "Depth after pooling", exact(pooled.shape[1]), equals(10), published=shape),
        Finding(
            110,
            "Share of a step edge's contrast that max pooling keeps and mean pooling loses",
            gain("step"),
            above(0.0),
            published="S3: max pooling preserves edges",
            note="Black-and-white edges at random angles and places, one 2 × 2 pooling.",
            figures=("convolution_pooling",),
        ),
        Finding(
            110,
            "Share of a step edge's contrast that is left after max pooling",
            mean_effect(contrasts["step", "max"][0], unit="share"),
            kind="context",
            figures=("convolution_pooling",),
        ),
        Finding(
            110,
            "The same difference for a thin dark line on a bright ground",
            gain("dark line"),
            kind="context",
            note="Negative: the maximum favours what is bright and wipes out thin dark lines.",
            figures=("convolution_pooling",),
        ),
        Finding(
            111,
            "Numbers left of a 100 × 100 × 3 image",
            exact(average.size),
            equals(3),
            published="S3: a 1×1 image with 3 channels",
        ),
        Finding(
            111,
            "Largest difference from the mean of each channel",
            exact(np.abs(average - theirs).max(), 3),
            equals(0.0),
            oracle="torch.nn.functional.adaptive_avg_pool2d",
            note="Exact: the sums of whole numbers are.",
        ),
    ]


def _unpooling_findings() -> list[Finding]:
    import torch
    import torch.nn.functional as F

    rng = np.random.default_rng(112)
    x = rng.normal(size=(4, 3, 8, 8))
    tensor = torch.from_numpy(x)
    nails_gap, nearest_gap, back_gap, max_gap, survivors = [], [], [], [], []
    for factor in (2, 4):
        corner = torch.zeros(3, 1, factor, factor, dtype=torch.float64)
        corner[:, :, 0, 0] = 1
        nails, repeated = lesson.bed_of_nails(x, factor), lesson.nearest_neighbour(x, factor)
        nails_gap.append(np.abs(nails - F.conv_transpose2d(tensor, corner, stride=factor, groups=3).numpy()).max())
        nearest_gap.append(np.abs(repeated - F.interpolate(tensor, scale_factor=factor).numpy()).max())
        back_gap += [np.abs(lesson.pool2d(repeated, factor, mode=mode) - x).max() for mode in ("max", "mean")]
        survivors.append(lesson.pool2d(nails, factor) == x)
        pooled, places = lesson.max_pool_with_places(x, factor)
        theirs, indices = F.max_pool2d(tensor, factor, return_indices=True)
        unpooled = lesson.max_unpool(pooled, places, factor)
        max_gap.append(np.abs(unpooled - F.max_unpool2d(theirs, indices, factor).numpy()).max())
    survived = np.concatenate([s.ravel() for s in survivors])
    shown = ("convolution_unpooling",)
    return [
        Finding(
            112,
            "Largest difference of bed-of-nails unpooling from an independent construction",
            exact(max(nails_gap), 2 * x.size),
            equals(0.0),
            oracle="torch.nn.functional.conv_transpose2d with a one in the kernel's corner",
            figures=shown,
        ),
        Finding(
            113,
            "Largest difference of pool(unpool(x)) from x, max and mean pooling, factors 2 and 4",
            exact(max(back_gap), 4 * x.size),
            equals(0.0),
            figures=shown,
        ),
        Finding(
            113,
            "Largest difference of nearest-neighbour unpooling from PyTorch's",
            exact(max(nearest_gap), 2 * x.size),
            equals(0.0),
            kind="oracle",
            oracle="torch.nn.functional.interpolate",
        ),
        Finding(
            113,
            "Largest difference of max-unpooling from PyTorch's",
            exact(max(max_gap), 2 * x.size),
            equals(0.0),
            kind="oracle",
            oracle="torch.nn.functional.max_unpool2d",
        ),
        Finding(
            113,
            "Share of values that come back from a bed of nails by max pooling",
            proportion(int(survived.sum()), survived.size),
            kind="context",
            note="Values of both signs: a zero of the bed beats every negative one. After a ReLU all come back.",
        ),
    ]
