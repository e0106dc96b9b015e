"""What claims 57 and 59 are checked against: how alike gates are, and where they start. Nothing is trained."""

from __future__ import annotations

from itertools import combinations
from statistics import fmean, stdev

import numpy as np
from scipy import stats

from reprise.claims.evidence import Finding, between, equals
from reprise.statistics import exact
from reprise.studies.connectivity.evolution import correlations, spreads
from reprise.studies.connectivity.gates import MERGES

DRAWN = 8  # seeds whose gates are made up
MAPS = 20_000  # starts that are drawn
CRITICAL = 1.95  # times 1 / sqrt(n): Kolmogorov's distance that one sample in a thousand passes
CENTRE, SPREAD = 0.5, 0.1  # of the drawn starts: the source's centre; it names no spread


def oracles() -> list[Finding]:
    """Claim 57's two statistics of drawn gates; claim 59's two starts, asked of networks as they are built."""
    wrong, starts = wrong_starts()
    return [
        Finding(
            57,
            f"Correlations and standard deviations of {DRAWN} seeds' drawn gates, largest difference from what every "
            "pair of seeds and every gate by itself give",
            exact(statistics_gap(), DRAWN * (DRAWN - 1) // 2 + len(MERGES)),
            between(0, 1e-10),
            kind="oracle",
            oracle="scipy.stats.pearsonr of every pair of seeds, and Python's statistics.stdev of every gate",
        ),
        Finding(
            59,
            "Gates of a built network that do not start at 1 for the layer before and at 0.5 for the others",
            exact(wrong, starts, "gates"),
            equals(0),
            kind="oracle",
            oracle="every merge and input by two loops",
        ),
        Finding(
            59,
            f"Distance of {MAPS:,} drawn starts from a normal distribution around {CENTRE:g} (Kolmogorov's)",
            exact(round(normal_distance(), 4), MAPS),
            between(0, round(CRITICAL / MAPS**0.5, 4)),
            kind="oracle",
            oracle=f"scipy.stats.kstest against N({CENTRE:g}, {SPREAD:g}²); one honest sample in a thousand is further",
        ),
    ]


def statistics_gap() -> float:
    """Largest difference of what claim 57 shows from pairs of seeds and single gates."""
    gates = np.random.default_rng(57).random((DRAWN, len(MERGES)))
    pairs = {
        frozenset(pair): stats.pearsonr(*(gates[i] for i in pair)).statistic for pair in combinations(range(DRAWN), 2)
    }
    alike = [fmean(pairs[frozenset((i, j))] for j in range(DRAWN) if j != i) for i in range(DRAWN)]
    apart = [stdev(column) for column in gates.T.tolist()]
    return float(max(np.abs(correlations(gates) - alike).max(), np.abs(spreads(gates) - apart).max()))


def wrong_starts() -> tuple[int, int]:
    """Of a network that starts feed-forward, the gates that begin elsewhere, and how many gates it has."""
    from reprise.models.connected import ConnectedNet

    connections = ConnectedNet(width=2, hidden=4, init="feed_forward").connections
    wrong = count = 0
    for i, merge in enumerate(connections):
        inputs = i + 2  # the images, and every layer so far
        found = merge.weights.tolist()
        wrong += abs(len(found) - inputs)
        for j, start in enumerate(found):
            before = j == inputs - 1  # the layer before is the last to have spoken
            wrong += start != (1.0 if before else 0.5)
            count += 1
    return wrong, count


def normal_distance() -> float:
    """Kolmogorov's distance of many drawn starts from the distribution that is proposed."""
    import torch

    from reprise.layers.gates import GatedConnections

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(59)
        drawn = GatedConnections([MAPS], per_feature=True, init="normal").weights.detach().double().numpy()
    return float(stats.kstest(drawn, stats.norm(CENTRE, SPREAD).cdf).statistic)
