"""Near-duplicates beside a plain product of blocks, in processor time, on data that suit the search and that do not.

    python benchmarks/near_pairs.py                                        all cases, about two minutes
    python benchmarks/near_pairs.py --rows 2000 --columns 576 --kinds groups equal --pairs 0 43000

The plain one multiplies unit rows block by block in float32 and returns what lies under the threshold: pairs in
lexicographic order and their distances in float32. It is not exact. Processor time of one thread, the least of
``--times``, for it hardly knows how busy the machine is. "Answer" is what the search cannot do without where
all pairs are near: float64 products of all pairs, and their list.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from reprise.data.near_search import near_duplicates

BLOCK = 1024  # rows
THRESHOLD = 0.008
CASES = [
    ("groups", 5635, 5481, 0),
    ("groups", 5635, 5481, 1_000),
    ("groups", 5635, 5481, 151_000),
    ("groups", 5635, 5481, 1_000_000),
    ("groups", 3000, 5481, 43_000),
    ("groups", 2000, 576, 0),
    ("groups", 3000, 2000, 0),
    ("groups", 20_000, 576, 0),
    ("normal", 3000, 2000, 0),
    ("close", 3000, 2000, 0),
    ("close", 3000, 40, 0),
    ("equal", 3000, 5481, 0),
    ("equal", 2000, 576, 0),
    ("equal", 3000, 40, 0),
    ("groups", 3000, 10, 0),
]


def rows_with(pairs: int, rows: int, columns: int, seed: int = 0) -> np.ndarray:
    """Histograms-like rows: groups of copies with noise, as many as give about so many near pairs."""
    rng = np.random.default_rng(seed)
    found = rng.gamma(0.3, size=(rows, columns)).astype(np.float32)
    size = 2 if pairs < rows else min(rows, round(2 * pairs / rows) + 1)
    made = 0
    for start in range(0, rows - size + 1, size):
        if made >= pairs:
            break
        noise = rng.normal(1, 0.05, (size, columns)).astype(np.float32)
        found[start : start + size] = found[start] * noise
        made += size * (size - 1) // 2
    return found[rng.permutation(rows)]


def rows_around(cosine: float, rows: int, columns: int, seed: int = 0) -> np.ndarray:
    """Rows that have about this cosine with each other, all of them."""
    rng = np.random.default_rng(seed)
    centre = rng.gamma(0.3, size=columns)
    noise = rng.normal(0, np.linalg.norm(centre) * np.sqrt((1 / cosine - 1) / columns), (rows, columns))
    return (centre + noise).astype(np.float32)


def made(kind: str, rows: int, columns: int, pairs: int) -> np.ndarray:
    """The features of one case."""
    if kind == "groups":
        return rows_with(pairs, rows, columns)
    if kind == "normal":
        return np.random.default_rng(0).normal(size=(rows, columns)).astype(np.float32)
    return rows_around({"close": 0.978, "equal": 0.998}[kind], rows, columns)


def plain(features: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs and distances that a blockwise float32 product finds."""
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    pairs, distances = [], []
    for top in range(0, len(unit), BLOCK):
        for left in range(top, len(unit), BLOCK):
            products = unit[top : top + BLOCK] @ unit[left : left + BLOCK].T
            i, j = np.nonzero(products > 1 - threshold)
            if top == left:
                i, j = i[i < j], j[i < j]
            distances.append(1 - products[i, j])
            pairs.append(np.stack([i + top, j + left], axis=1))
    return listed(pairs, distances, len(unit))


def listed(pairs: list[np.ndarray], distances: list[np.ndarray], rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Blocks as one list, sorted by the cheapest way that NumPy has for it."""
    found = np.concatenate(pairs)
    rising = np.argsort(found[:, 0] * rows + found[:, 1], kind="stable")
    return found.take(rising, axis=0), np.concatenate(distances)[rising]


def answer(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All pairs and their distances in float64: nothing is compared."""
    unit = features / np.linalg.norm(features.astype(np.float64), axis=1, keepdims=True)
    pairs, distances = [], []
    for top in range(0, len(unit), BLOCK):
        for left in range(top, len(unit), BLOCK):
            products = 1 - unit[top : top + BLOCK] @ unit[left : left + BLOCK].T
            i, j = np.triu_indices(len(products), 1) if top == left else np.indices(products.shape).reshape(2, -1)
            distances.append(products[i, j])
            pairs.append(np.stack([i + top, j + left], axis=1))
    return listed(pairs, distances, len(unit))


def seconds(work: Callable[[], object], times: int) -> tuple[object, float]:
    """What it gives, and the least processor time that it takes (s)."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        result = work()
        taken.append(time.process_time() - start)
    return result, min(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, help="with --columns: these instead of the cases")
    parser.add_argument("--columns", type=int)
    parser.add_argument("--pairs", type=int, nargs="+", default=[0])
    parser.add_argument("--kinds", nargs="+", default=["groups"], choices=["groups", "normal", "close", "equal"])
    parser.add_argument("--times", type=int, default=2)
    given = parser.parse_args()
    cases = CASES
    if given.rows and given.columns:
        cases = [(kind, given.rows, given.columns, n) for kind in given.kinds for n in given.pairs]
    print("| rows | n x d | near pairs | search, s | product, s | ratio | answer, s |")
    print("|:--|--:|--:|--:|--:|--:|--:|")
    with threadpool_limits(1):
        near_duplicates(np.eye(2), THRESHOLD, threads=1)  # the first call looks for libraries: 30 ms
        for kind, rows, columns, pairs in cases:
            features = made(kind, rows, columns, pairs)
            (found, _), search = seconds(lambda f=features: near_duplicates(f, THRESHOLD, threads=1), given.times)
            _, product = seconds(lambda f=features: plain(f, THRESHOLD), given.times)
            least = f"{seconds(lambda f=features: answer(f), 1)[1]:.2f}" if kind == "equal" else ""
            row = f"| {kind} | {rows} x {columns} | {len(found):,} | {search:.2f} | {product:.2f} |"
            print(f"{row} {search / product:.2f} | {least} |", flush=True)


if __name__ == "__main__":
    main()
