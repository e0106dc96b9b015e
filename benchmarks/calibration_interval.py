"""How often intervals hold the expected calibration error, ours and a bootstrap's, where the truth is known.

    python benchmarks/calibration_interval.py            3 minutes
    python benchmarks/calibration_interval.py --tests 100

Each case is a network whose winner is right with a known probability given its confidence; the truth is the error of 15
bins on two million examples. A test draws examples anew; printed is the share of tests whose 95 % interval holds the
truth, and the mean width in percentage points. Bootstrap: percentiles of the error on 300 samples of the examples.
"""

from __future__ import annotations

import argparse

import numpy as np

from reprise.calibration.intervals import gap_interval
from reprise.metrics.bins import BINS, bin_edges

CASES = {  # by name: how often a winner of confidence c is right
    "perfect": lambda c: c,
    "one point over": lambda c: c - 0.01,
    "5 points over": lambda c: c - 0.05,
    "15 points over": lambda c: c - 0.15,
    "over and under": lambda c: c + 0.05 * np.sin(12 * c),
}
SURE = {"spread": (2.0, 2.0), "sure": (9.0, 0.5)}  # Beta's parameters: confidence between 0.3 and 1


def drawn(rng: np.random.Generator, shape: tuple[float, float], n: int, right) -> tuple[np.ndarray, np.ndarray]:
    """(n,) confidences and (n,) whether each was right."""
    confidence = 0.3 + 0.7 * rng.beta(*shape, n)
    return confidence, rng.random(n) < np.clip(right(confidence), 0, 1)


def bootstrap(confidence: np.ndarray, truth: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """Percentile interval of the error on samples of the examples."""
    index = np.searchsorted(bin_edges(BINS)[1:-1], confidence, side="left")
    weights = rng.multinomial(len(truth), np.full(len(truth), 1 / len(truth)), size=300)
    gaps = np.zeros((len(truth), BINS))
    gaps[np.arange(len(truth)), index] = truth - confidence
    return tuple(np.quantile(np.abs(weights @ gaps).sum(axis=1) / len(truth), [0.025, 0.975]))


def main() -> None:
    """Prints a row for each case and number of examples."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", type=int, default=400)
    parser.add_argument("--sizes", type=int, nargs="+", default=[300, 2000])
    arguments = parser.parse_args()
    print(f"{'confidence':<12}{'case':<16}{'n':>6}{'truth %':>9}{'ours':>8}{'width':>7}{'bootstrap':>11}{'width':>7}")
    for sure, shape in SURE.items():
        for name, right in CASES.items():
            rng = np.random.default_rng(0)
            c, r = drawn(rng, shape, 2_000_000, right)
            exact = np.clip(right(c), 0, 1)  # without the noise of the answers
            index = np.searchsorted(bin_edges(BINS)[1:-1], c, side="left")
            truth = np.abs(np.bincount(index, weights=exact - c, minlength=BINS)).sum() / len(c)
            for n in arguments.sizes:
                held, widths = np.zeros(2), np.zeros(2)
                for _ in range(arguments.tests):
                    c, r = drawn(rng, shape, n, right)
                    ours = gap_interval(c[:, None], r[:, None])
                    for k, (low, high) in enumerate([(ours.low, ours.high), bootstrap(c, r, rng)]):
                        held[k] += low <= truth <= high
                        widths[k] += 100 * (high - low)
                held, widths = held / arguments.tests, widths / arguments.tests
                print(
                    f"{sure:<12}{name:<16}{n:>6}{100 * truth:9.2f}{held[0]:8.3f}{widths[0]:7.2f}"
                    f"{held[1]:11.3f}{widths[1]:7.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
