"""Near-duplicates where many rows are near: the search against a plain product of blocks, in processor time.

    python benchmarks/near_pairs.py                      5,635 rows of 5,481 numbers, 0 to 1,000,000 near pairs
    python benchmarks/near_pairs.py --rows 2000 --columns 576

The plain one multiplies unit rows block by block in float32 and keeps what lies under the threshold: it is not exact,
and asks for nothing else. Processor time of one thread, for it hardly knows how busy the machine is.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from threadpoolctl import threadpool_limits

from reprise.data.near_search import near_duplicates

BLOCK = 1024  # rows
THRESHOLD = 0.008


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


def plain(features: np.ndarray, threshold: float) -> int:
    """How many pairs a blockwise float32 product finds."""
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    count = 0
    for top in range(0, len(unit), BLOCK):
        for left in range(top, len(unit), BLOCK):
            i, j = np.nonzero(unit[top : top + BLOCK] @ unit[left : left + BLOCK].T > 1 - threshold)
            count += int((i + top < j + left).sum())
    return count


def seconds(work) -> tuple[object, float]:
    """What it gives, and the processor time that it takes (s)."""
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5635)
    parser.add_argument("--columns", type=int, default=5481)
    parser.add_argument("--pairs", type=int, nargs="+", default=[0, 1_000, 151_000, 1_000_000])
    given = parser.parse_args()
    print(f"{given.rows} rows of {given.columns} numbers, one thread\n| near pairs | search, s | product, s | ratio |")
    print("|---:|---:|---:|---:|")
    with threadpool_limits(1):
        for pairs in given.pairs:
            features = rows_with(pairs, given.rows, given.columns)
            (found, _), search = seconds(lambda f=features: near_duplicates(f, THRESHOLD, threads=1))
            _, product = seconds(lambda f=features: plain(f, THRESHOLD))
            print(f"| {len(found):,} | {search:.1f} | {product:.1f} | {search / product:.2f} |", flush=True)


if __name__ == "__main__":
    main()
