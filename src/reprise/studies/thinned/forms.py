"""Claims 18, 19, 152 and 191: the factor, and the sources' worked examples."""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Finding, Table, equals, primary
from reprise.statistics import exact
from reprise.studies.thinned import lesson

NEURONS = np.arange(1.0, 9.0)  # S1's example
SHOWN = np.array([1, 0, 0, 1, 1, 0, 1, 0])  # its mask
SAID_SUM = 29  # what the source has as the sum of the upscaled example
FIVE = np.arange(1.0, 6.0)  # S4's example
SAID_TEST = np.array([0.8, 1.6, 2.4, 3.2, 4.0])
SAID_TRAINED = np.array([1.25, 2.5, 3.75, 0, 6.25])
KEEPS = np.arange(1, 10) / 10


def expected(values: np.ndarray, keep: float) -> np.ndarray:
    """The values' expectation when each is kept with ``keep``, over every mask."""
    masks = lesson.every_mask(len(values))
    return lesson.weights_of(masks, keep) @ lesson.trained_and_tested(values, masks, 1.0)[0]


def worst(factor_of: str) -> float:
    """Largest relative difference of output times a factor, ``kept`` or ``dropped``, from the expected output."""
    factors = KEEPS if factor_of == "kept" else 1 - KEEPS
    return max(
        float(np.abs(NEURONS * factor / expected(NEURONS, keep) - 1).max())
        for keep, factor in zip(KEEPS, factors, strict=True)
    )


def upscaled_sum() -> float:
    """Expected sum of the source's example in training, upscaled by 1/p."""
    masks = lesson.every_mask(len(NEURONS))
    return float(lesson.weights_of(masks, 0.5) @ lesson.inverted(NEURONS, masks, 0.5)[0].sum(axis=1))


def independent() -> tuple[np.ndarray, np.ndarray]:
    """S4's example by torch: at test time in the published form, and in training by its own dropout."""
    import torch

    values, layer = torch.from_numpy(FIVE).float(), torch.nn.Dropout(0.2)
    for seed in range(1000):  # until the fourth unit alone is dropped
        torch.manual_seed(seed)
        trained = layer(values)
        if (trained == 0).tolist() == [False, False, False, True, False]:
            # the published form is the inverted one times the share that is kept
            return (layer.eval()(values) * (1 - layer.p)).numpy(), trained.numpy()
    raise RuntimeError("torch drops the fourth unit alone in none of 1000 draws")


def findings(declared: Declarations) -> list[Finding]:
    """All four, with the slips beside them."""
    tested, trained = independent()
    said = float(max(np.abs(tested - SAID_TEST).max(), np.abs(trained - SAID_TRAINED).max()))
    true_sum = float(lesson.inverted(NEURONS, SHOWN, 0.5)[0].sum())
    return [
        primary(
            declared[18],
            exact(worst("kept"), len(KEEPS)),
            note="p as the 0.8 that is recommended for inputs has it; the section also defines it otherwise.",
        ),
        Finding(
            18,
            "The same with p the probability of being disconnected, as the section defines it and its mask draws it",
            exact(worst("dropped"), len(KEEPS)),
            declared[18].expect,
            kind="slip",
            published="At test time, all neurons will multiply p (S1)",
            defect=1,
            note="At p = 0.5, which the source recommends, the two meanings of p are one.",
        ),
        primary(declared[19], exact(upscaled_sum() / NEURONS.sum(), 256)),
        Finding(
            19,
            "Sum of the source's upscaled example [2, 0, 0, 8, 10, 0, 14, 0] minus the 29 that it writes",
            exact(true_sum - SAID_SUM),
            equals(0, 0.5),
            kind="slip",
            published=f"{SAID_SUM} (S1)",
            defect=1,
            note="The fifth neuron is written 5 where twice 5 is 10.",
        ),
        primary(
            declared[152],
            exact(worst("kept"), len(KEEPS)),
            note="In the inverted form the same factor divides in training.",
        ),
        Finding(
            152,
            "The same with the dropout rate as the factor, as the source writes it",
            exact(worst("dropped"), len(KEEPS)),
            declared[152].expect,
            kind="slip",
            published="When testing, scale activations by the dropout rate p (S3)",
            defect=18,
            note="At p = 0.5 the two rates are one, which is why the slip goes unnoticed. For the inverted form it "
            "says 1/p.",
        ),
        primary(declared[191], exact(said, 10), oracle="torch.nn.Dropout"),
        Finding(
            191,
            "Probability that exactly one of five units is dropped at p = 0.2",
            exact(5 * 0.2 * 0.8**4),
            equals(1, 0.05),
            kind="slip",
            published="any one unit of d will become zero (S4)",
            defect=20,
            note="One is only the expected number; as often none is, or two and more.",
        ),
    ]


def table() -> Table:
    """The expected output under every factor."""
    rows = []
    for keep in KEEPS:
        output = float(expected(NEURONS, keep)[0])
        rows.append((f"{keep:.1f}", f"{output:.1f}", f"{keep:.1f}", f"{1 - keep:.1f}"))
    return Table(
        "A unit of value 1: expected output in training, and at test time",
        ("kept with", "expected in training", "times the keep rate", "times the dropout rate (S1 and S3, as written)"),
        tuple(rows),
        "Exact: over all 256 masks of the eight units of S1's example.",
    )
