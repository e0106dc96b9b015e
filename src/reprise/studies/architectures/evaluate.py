"""Claims 114-120: the networks that every overview lists, counted; and what a residual block does with zero weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from reprise.claims.evidence import Evidence, Finding, Metric, Table, equals
from reprise.statistics import Effect, exact, paired_effect, proportion
from reprise.studies.architectures import figures as figures
from reprise.studies.architectures.settings import Config, Pattern
from reprise.workspace import Workspace


@dataclass(frozen=True)
class Measured:
    """What was counted for one architecture."""

    parameters: int
    dense: int
    depth: int
    multiply_adds: int
    shape: tuple[int, ...]


SIZES_ONLY = (
    "Decided by sizes alone, for the source only names these networks. That SqueezeNet has the fewest parameters for "
    "its accuracy would need ImageNet and is not tested."
)


def evaluate(workspace: Workspace) -> Evidence:
    """Measures claims 115-119, and gives context to 114 and 120."""
    import torch

    config: Config = workspace.config
    torch.set_num_threads(1)  # threads cost more than they give on networks so small
    measured = _measure_all()
    identity = _residual_identity(config.images)
    pattern = _train_pattern(config.pattern)
    findings = [
        *_size_findings(measured),
        *_residual_findings(identity),
        *_other_findings(measured),
        *_pattern_findings(pattern),
    ]
    figures.draw_costs(workspace.evidence / "figures", measured)
    figures.draw_shares(workspace.evidence / "figures", measured)
    matching = sum(measured[name].parameters == entry.parameters for name, entry in _catalogue().items())
    return Evidence(
        data=f"none for the counts; {config.images} random inputs for the identity; scikit-learn's digits "
        f"(1,797 images of 8×8, {config.pattern.test_images} for testing) for the general pattern",
        findings=findings,
        metrics={
            "sizes_that_match": Metric(matching, "equal", n=len(measured)),
            "digits_accuracy": Metric(
                pattern["network"].mean(),
                "higher",
                pattern["network"].mean(axis=1).std(ddof=1),
                len(pattern["network"]),
            ),
        },
        tables=[_table(measured)],
        figures=figures.FIGURES,
        cost={
            "trained_parameters": pattern["parameters"],
            "runs": config.pattern.seeds,
            "epochs": config.pattern.epochs,
        },
    )


def _catalogue() -> dict[str, Any]:
    from reprise.models.zoo import CATALOGUE

    return CATALOGUE


def _measure_all() -> dict[str, Measured]:
    from torch import nn

    from reprise.models.zoo.cost import depth, multiply_adds, on_meta, parameter_count

    result = {}
    for name, entry in _catalogue().items():
        network = on_meta(entry.build)
        operations, shape = multiply_adds(network, entry.shape)
        dense = sum(parameter_count(layer) for layer in network.modules() if isinstance(layer, nn.Linear))
        result[name] = Measured(parameter_count(network), dense, depth(network), operations, tuple(shape))
    return result


def _size_findings(measured: dict[str, Measured]) -> list[Finding]:
    """Depth and parameters of the networks for which the source gives a number of layers."""
    from reprise.models.zoo import VGG, GoogLeNet
    from reprise.models.zoo.cost import on_meta, parameter_count

    findings = []
    given = {
        115: ("AlexNet (2012)", "AlexNet (2014)"),
        116: ("VGG-16", "VGG-19"),
        117: ("GoogLeNet",),
        118: ("ResNet-152",),
    }
    for claim, names in given.items():
        for name in names:
            entry = _catalogue()[name]
            findings += [
                Finding(
                    claim,
                    f"{name}: weighted layers on the longest path",
                    exact(measured[name].depth, unit="layers"),
                    equals(entry.layers),
                    published=f"S3: {'16-19' if claim == 116 else entry.layers} layers",
                    figures=("architectures_costs",),
                ),
                _parameters(claim, name, measured),
            ]
    features = parameter_count(on_meta(VGG).features)
    published = parameter_count(on_meta(GoogLeNet))
    ratio = measured["AlexNet (2012)"].parameters / published
    return [
        *findings,
        Finding(
            116,
            "VGG-16: parameters of the convolutions alone",
            exact(features),
            equals(14_714_688),
            note="The sum of filters × (9 × channels + 1) over 13 convolutions.",
            figures=("architectures_shares",),
        ),
        Finding(
            117,
            "Difference of an Inception module's output from its branches, run one by one and concatenated",
            exact(_inception_gap()),
            equals(0.0),
            published="S3: modules combine multiple parallel convolutions",
        ),
        Finding(
            117,
            "GoogLeNet as its paper defines it (5 × 5 filters, biases, no batch normalisation): parameters",
            exact(published),
            kind="context",
            note="Libraries ship a form with batch normalisation and 3 × 3 in place of 5 × 5, which is the one pinned.",
        ),
        Finding(
            117,
            "How many times fewer parameters GoogLeNet has than AlexNet, both as published",
            exact(ratio, unit="times"),
            kind="context",
            published="often quoted from the paper: 12 times fewer",
        ),
    ]


def _parameters(claim: int, name: str, measured: dict[str, Measured], note: str = "") -> Finding:
    entry = _catalogue()[name]
    return Finding(
        claim,
        f"{name}: parameters",
        exact(measured[name].parameters),
        equals(entry.parameters),
        published=f"{entry.parameters:,}: {entry.origin}",
        note=note,
        figures=("architectures_costs",),
    )


def _inception_gap() -> float:
    import torch

    from reprise.models.zoo.googlenet import Inception

    torch.manual_seed(117)
    module, images = Inception(8, 4, 6, 8, 2, 4, 4).eval(), torch.randn(2, 8, 9, 9)
    with torch.no_grad():
        branches = [branch(images) for branch in (module.branch1, module.branch3, module.branch5, module.branch_pool)]
        gap = module(images) - torch.cat(branches, dim=1)
    return float(gap.abs().max())


# --- residual blocks --------------------------------------------------------------------------------------------------


def _residual_identity(count: int) -> dict[str, Any]:
    """What a block of ResNet-152 returns when its residual branch has zero weights."""
    import torch
    from torch import nn

    from reprise.models.zoo.cost import on_meta
    from reprise.models.zoo.resnet import Bottleneck, ResNet, silence

    torch.manual_seed(118)
    bare, published = (silence(Bottleneck(256, 64, final_relu=relu)) for relu in (False, True))
    x = torch.randn(count, 256, 7, 7)
    with torch.no_grad():
        gaps = {
            "bare": (bare(x) - x).abs().max().item(),
            "published, x of a ReLU": (published(x.relu()) - x.relu()).abs().max().item(),
            "published": (published(x) - x).abs().max().item(),
        }
        unchanged = (published(x) == x).sum().item()
    blocks = on_meta(lambda: ResNet(152)).blocks
    projections = sum(not isinstance(block.shortcut, nn.Identity) for block in blocks)
    return gaps | {"unchanged": unchanged, "values": x.numel(), "blocks": len(blocks), "projections": projections}


def _residual_findings(identity: dict[str, Any]) -> list[Finding]:
    source = "S3: if weights are zeros, then the output of a residual block is the input X"
    n = identity["values"]
    return [
        Finding(
            118,
            "Largest |output − x| of x + F(x) with F = 0",
            exact(identity["bare"], n),
            equals(0.0),
            published=source,
            note="Nothing after the sum, as the source writes it; the identity is exact.",
        ),
        Finding(
            118,
            "The same with the published ReLU after the sum, for an x that came out of a ReLU",
            exact(identity["published, x of a ReLU"], n),
            equals(0.0),
            note="Inside a ResNet every block's input is of this kind.",
        ),
        Finding(
            118,
            "Share of values that the published block leaves unchanged for an x of both signs",
            proportion(identity["unchanged"], n),
            kind="context",
            note="The ReLU after the sum sets negative values to zero: the block is max(x, 0), not x.",
        ),
        Finding(
            118,
            "Share of ResNet-152's blocks whose shortcut is the identity",
            exact(1 - identity["projections"] / identity["blocks"], identity["blocks"]),
            kind="context",
            note="The others change the width and project: with F = 0 they are linear maps, not the identity.",
        ),
    ]


def _other_findings(measured: dict[str, Measured]) -> list[Finding]:
    names = ("NiN", "FractalNet", "DenseNet-121", "SqueezeNet 1.0", "SqueezeNet 1.1")
    rated = {name: entry for name, entry in _catalogue().items() if entry.accuracy is not None}
    smallest = min(rated, key=lambda name: measured[name].parameters)
    per_million = {name: entry.accuracy / measured[name].parameters * 1e6 for name, entry in rated.items()}
    best = max(per_million, key=per_million.__getitem__)
    others = [value for name, value in per_million.items() if not name.startswith("SqueezeNet")]
    return [
        *(_parameters(119, name, measured, SIZES_ONLY) for name in names),
        Finding(
            119,
            f"Parameters of the smallest ImageNet network here ({smallest}) over AlexNet's (2014) of like accuracy",
            exact(measured[smallest].parameters / measured["AlexNet (2014)"].parameters, len(rated)),
            kind="context",
            published=f"top-1 {rated[smallest].accuracy} % and {rated['AlexNet (2014)'].accuracy} % (torchvision)",
            note="Accuracies are published ones; nothing was trained on ImageNet here.",
            figures=("architectures_costs",),
        ),
        Finding(
            119,
            f"Published top-1 points per million parameters: {best} over the best of the other families",
            exact(per_million[best] / max(others), len(rated), unit="times"),
            kind="context",
            note="Accuracy per parameter favours whatever is small; it says nothing of accuracy alone.",
            figures=("architectures_costs",),
        ),
    ]


# --- the general pattern ----------------------------------------------------------------------------------------------


def _train_pattern(config: Pattern) -> dict[str, Any]:
    """Trains conv-relu-conv-relu-pool-conv-dense-softmax, and a dense softmax layer for comparison.

    Returns:
        ``network`` and ``linear``: (seeds, test images) right or wrong; ``parameters`` of the network.
    """
    import torch
    from sklearn.datasets import load_digits
    from torch import nn

    from reprise.models.zoo.cost import parameter_count

    digits = load_digits()
    order = np.random.default_rng(114).permutation(len(digits.target))
    images = torch.tensor(digits.images[order] / 16, dtype=torch.float32)[:, None]
    labels = torch.tensor(digits.target[order])
    held = config.test_images

    def network() -> nn.Module:
        return nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(32 * 4 * 4, 10),
        )  # fmt: skip

    def linear() -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))

    right: dict[str, list[np.ndarray]] = {"network": [], "linear": []}
    for seed in range(config.seeds):
        for name, build in (("network", network), ("linear", linear)):
            torch.manual_seed(seed)
            model = build()
            _fit(model, images[held:], labels[held:], config)
            with torch.no_grad():
                right[name].append((model(images[:held]).argmax(1) == labels[:held]).numpy())
    scores = {name: np.array(rows, dtype=float) for name, rows in right.items()}
    return scores | {"parameters": parameter_count(network())}


def _fit(model: Any, images: Any, labels: Any, config: Pattern) -> None:
    """Adam on the softmax cross-entropy."""
    import torch
    from torch.nn.functional import cross_entropy

    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate)
    for _ in range(config.epochs):
        for batch in torch.randperm(len(labels)).split(config.batch_size):
            optimizer.zero_grad()
            cross_entropy(model(images[batch]), labels[batch]).backward()
            optimizer.step()


def _pattern_findings(pattern: dict[str, Any]) -> list[Finding]:
    on_digits = "scikit-learn's 8×8 digits, not MNIST: the claim's 98.5 % is about MNIST, which is not tested here."

    def accuracy(values: np.ndarray) -> Effect:
        return paired_effect(100 * values, unit="%")

    return [
        Finding(
            114,
            "Accuracy of the general pattern on small digits",
            accuracy(pattern["network"]),
            kind="context",
            note=on_digits,
        ),
        Finding(
            114,
            "Accuracy of the general pattern minus that of one dense softmax layer, small digits",
            accuracy(pattern["network"] - pattern["linear"]),
            kind="context",
            note=on_digits,
        ),
        Finding(
            120,
            "Accuracy of tagging small digits with the same network",
            accuracy(pattern["network"]),
            kind="context",
            note="Tagging is classification: the same measurement. CIFAR-10 is not tested here.",
        ),
    ]


# --- the table --------------------------------------------------------------------------------------------------------


def _table(measured: dict[str, Measured]) -> Table:
    rows = []
    for name, entry in _catalogue().items():
        found = measured[name]
        accuracy = "–" if entry.accuracy is None else f"{entry.accuracy:.1f} %"
        rows.append(
            (
                name,
                "×".join(map(str, entry.shape[1:])),
                found.depth,
                f"{found.parameters:,}",
                "yes" if found.parameters == entry.parameters else f"no: {entry.parameters:,}",
                f"{100 * found.dense / found.parameters:.0f} %",
                f"{found.multiply_adds / 1e9:.3f}",
                accuracy,
            )
        )
    columns = (
        "network",
        "input",
        "depth",
        "parameters",
        "as published",
        "dense",
        "10⁹ multiply-adds",
        "published top-1",
    )
    caption = (
        "Counted on shapes alone. Top-1: ImageNet accuracy as torchvision publishes it; nothing of it is measured here."
    )
    return Table("The zoo", columns, tuple(rows), caption)
