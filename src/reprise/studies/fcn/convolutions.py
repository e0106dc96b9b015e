"""Claims 121, 167, 168 and 173: dense layers as convolutions, sizes, the loss, the four scores. Nothing is trained."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Finding, between, equals, primary
from reprise.metrics.confusion import Confusion
from reprise.metrics.segmentation import confusion_scores
from reprise.statistics import exact
from reprise.studies.fcn.settings import Exact

NATIVE = 224
SIDES = range(64, 161)
NAMED = ((224, 224), (512, 512), (500, 375))  # sizes the write-up names, and VOC's own
PICTURES = (*((side, 224 - side) for side in SIDES), *NAMED)  # (height, width)
STRIDES = (32, 16, 8)
Size = tuple[int, int]
SMALL = {"width": 1, "dense": 1, "convolutions": (1, 1, 1, 1, 1)}  # sizes do not depend on them


def exact_findings(declared: Declarations, settings: Exact) -> list[Finding]:
    """All of claims 121, 167, 168 and 173 that needs no training."""
    published, described = sizes()
    back = sorted(set(PICTURES) - set(described))
    gap, side = dense_gap(settings.width, settings.dense)
    return [
        Finding(
            121,
            "Largest difference of the loss of random scores from the sum over pixels in NumPy",
            exact(loss_gap(), 5),
            between(0, 1e-4),
            kind="oracle",
            oracle="log of the softmax at each pixel that is known, added up",
        ),
        primary(
            declared[167],
            exact(gap),
            note=f"VGG-16 with {settings.width} to {8 * settings.width} filters and {settings.dense} units, 224 x 224",
        ),
        Finding(
            167,
            "Side of the filter that fc6 becomes; the text a paragraph before says 1x1",
            exact(side),
            equals(1),
            kind="slip",
            variant="text",
            defect=20,
            note="“replaces this fully connected layer by 1x1 convolutional layer”: true of fc7 alone",
        ),
        primary(declared[168], exact(len(published), len(STRIDES) * len(PICTURES)), of="from the published networks"),
        primary(
            declared[168],
            exact(len(described), len(PICTURES)),
            of="from the network as the write-up describes it, to a thirty-second and up by 32",
            note=f"no border, no crop: {len(back)} of {len(PICTURES)} pictures come back as they were, those of sides "
            f"that 32 divides; of the named ones and VOC's {_listed(back)} do, {_listed(described)} not",
        ),
        Finding(
            173,
            "Largest difference of the four scores from the paper's formulas in exact fractions",
            exact(scores_gap(), 4 * 20),
            between(0, 1e-12),
            kind="oracle",
            oracle="scikit-learn's confusion matrix, then sums of fractions",
        ),
    ]


def dense_gap(width: int, dense: int) -> tuple[float, int]:
    """Largest difference of fc7's outputs, dense and as convolutions, over the largest; the side of fc6's filter."""
    import torch

    from reprise.models.fcn import FCN32s, adopt_vgg16, vgg16_names

    generator = torch.Generator().manual_seed(0)
    model = FCN32s(width=width, dense=dense).eval()
    weights = {}
    for name, own in vgg16_names(model).items():
        flat = own.detach().reshape(len(own), -1) if name.startswith("classifier") and own.dim() > 1 else own.detach()
        scale = (2 / max(flat[0].numel(), 1)) ** 0.5 if own.dim() > 1 else 0.1
        weights[name] = torch.empty(flat.shape).normal_(0, scale, generator=generator)
    adopt_vgg16(model, weights)
    model.stages[0][0].padding = (1, 1)  # as the classifier has it
    images = torch.rand(2, 3, NATIVE, NATIVE, generator=generator)
    with torch.inference_mode():
        pooled = model.features(images)[4]
        hidden = (pooled.flatten(1) @ weights["classifier.0.weight"].T + weights["classifier.0.bias"]).relu()
        expected = (hidden @ weights["classifier.3.weight"].T + weights["classifier.3.bias"]).relu()
        found = model.fc7(model.fc6(pooled).relu()).relu()[..., 0, 0]
    return float((found - expected).abs().max() / expected.abs().max()), model.fc6.kernel_size[0]


def sizes() -> tuple[list[Size], list[Size]]:
    """The pictures that come back in another size: from the published networks, and from the one that is described."""
    import torch

    from reprise.models.fcn import FCN

    published, described = [], []
    with torch.device("meta"):
        for stride in STRIDES:
            model = FCN(2, stride, **SMALL)
            published += [size for size in PICTURES if tuple(model(torch.zeros(1, 3, *size)).shape[-2:]) != size]
        model = FCN(2, 32, form="same", **SMALL)
        for size in PICTURES:
            # Its layers one by one: as a whole the model fills pictures up and crops them, of which S4 says nothing.
            hidden = model.fc7(model.fc6(model.features(torch.zeros(1, 3, *size))[4]))
            described += [size] if tuple(model.last(model.score(hidden)).shape[-2:]) != size else []
    return published, described


def _listed(sizes: list[Size]) -> str:
    """Those of them that are named: ``224 x 224, 512 x 512``."""
    return ", ".join(f"{height} x {width}" for height, width in NAMED if (height, width) in sizes) or "none"


def loss_gap() -> float:
    """Largest difference of the task's loss from NumPy's, five random pictures."""
    import torch

    from reprise.tasks.label import pixel_loss

    gaps = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        scores = rng.normal(0, 2, (1, 4, 6, 7))
        labels = rng.choice([0, 1, 2, 3, 255], (1, 6, 7))
        chance = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        expected = -sum(np.log(chance[0, labels[0, i, j], i, j]) for i, j in np.argwhere(labels[0] != 255))
        gaps.append(abs(float(pixel_loss(torch.from_numpy(scores), torch.from_numpy(labels))) - expected))
    return max(gaps)


def scores_gap() -> float:
    """Largest difference of any of the four scores from exact fractions, twenty random pairs of label maps."""
    from sklearn.metrics import confusion_matrix

    gaps = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        truth = rng.choice([*range(6), 255], (9, 11)).astype(np.uint8)
        said = np.where(rng.random(truth.shape) < 0.5, truth, rng.integers(0, 7, truth.shape)).astype(np.uint8)
        said[said == 255] = 0
        known = truth != 255
        n = confusion_matrix(truth[known], said[known], labels=range(7)).astype(int).tolist()  # class 6: only predicted
        total, rows = sum(map(sum, n)), [sum(row) for row in n]
        columns = [sum(column) for column in zip(*n, strict=True)]
        there = [i for i in range(7) if rows[i]]
        iu = {i: Fraction(n[i][i], rows[i] + columns[i] - n[i][i]) for i in range(7) if rows[i] + columns[i]}
        expected = (
            Fraction(sum(n[i][i] for i in range(7)), total),
            sum((Fraction(n[i][i], rows[i]) for i in there), Fraction()) / len(there),
            sum(iu.values(), Fraction()) / len(iu),
            sum((rows[i] * iu[i] for i in there), Fraction()) / total,
        )
        found = vars(confusion_scores(Confusion(7).add(truth, said).matrix)).values()
        gaps += [abs(one - float(other)) for one, other in zip(found, expected, strict=True)]
    return max(gaps)
