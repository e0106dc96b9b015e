"""Near-duplicates: the source's code beside ours and beside other libraries, in one run on the same frames.

    python benchmarks/duplicates.py                     5,635 generated frames of 420 x 580, as many as the source had
    python benchmarks/duplicates.py --frames 600        the same, sooner
    python benchmarks/duplicates.py --rows 100000       also an exact search of so many rows; --device cuda: on a GPU
    python benchmarks/duplicates.py --calibrate         how the threshold of `robust` was chosen

faiss and imagededup (or ImageHash) are compared where they are installed; give them an environment of their own.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.spatial.distance import pdist, squareform
from skimage.util import view_as_blocks
from threadpoolctl import threadpool_limits

from reprise.data.duplicates import HASHES, near_duplicates, precision_recall, truth_pairs
from reprise.data.ultrasound import generate

THREADS = 2
REPEATS = 3  # of a timing that other work on the machine could spoil
CALIBRATION_SEEDS, TEST_SEEDS = range(100, 105), range(5)
SUBJECTS, FRAMES = 4, 100  # of each seed, where a finder is scored
EDGES = np.linspace(0, 1, 10)
PERCEPTUAL = ("phash", "dhash", "ahash", "whash")
console = Console(width=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=5635)
    parser.add_argument(
        "--source-frames", type=int, default=200, help="the source's hash is timed on so many, and scaled"
    )
    parser.add_argument("--rows", type=int, default=0, help="also search so many rows of features")
    parser.add_argument("--device", help="torch device for --rows")
    parser.add_argument("--calibrate", action="store_true", help="only show how the threshold of `robust` was chosen")
    parser.add_argument("--skip-speed", action="store_true", help="only score the finders")
    arguments = parser.parse_args()
    threadpool_limits(THREADS)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
    if arguments.calibrate:
        calibrate()
        return
    if not arguments.skip_speed:
        frames = many_frames(arguments.frames)
        features = hashing(frames, arguments.source_frames)
        del frames
        searching(features)
        if arguments.rows:
            scaling(features, arguments.rows, arguments.device)
        del features
    scoring()
    absent()


# Measuring -----------------------------------------------------------------------------------------------------------


def measured(work: Callable) -> tuple[object, float, float]:
    """Result, seconds, and the peak of resident memory beyond what was there before, in MB (NaN outside Linux)."""
    status = Path("/proc/self/status")

    def field(name: str) -> float:
        lines = status.read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1e3 * 1.024

    before = float("nan")
    if status.exists():
        ctypes.CDLL(None).malloc_trim(0)  # what earlier work freed does not hide what this one takes
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
        before = field("VmRSS")
    start = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - start
    return result, seconds, field("VmHWM") - before if status.exists() else before


def table(title: str, *columns: str) -> Table:
    out = Table(title=title, title_justify="left")
    for k, column in enumerate(columns):
        out.add_column(column, justify="left" if k == 0 else "right")
    return out


# Speed ---------------------------------------------------------------------------------------------------------------


def many_frames(count: int) -> np.ndarray:
    """(count, 420, 580) uint8: generated subjects of 120 frames, as the source's 47 were."""
    out = np.empty((count, 420, 580), np.uint8)
    for subject, start in enumerate(range(0, count, 120)):
        out[start : start + 120] = generate(1, 120, seed=1000 + subject).images[: count - start]
    console.print(f"{count} generated frames of 420 x 580, {THREADS} cores\n")
    return out


def source_blocks(image: np.ndarray) -> np.ndarray:
    """The write-up: one np.histogram a block."""
    blocks = view_as_blocks(image, (20, 20))
    return np.concatenate([np.histogram(block, bins=EDGES)[0] for row in blocks for block in row])


def source_strips(image: np.ndarray) -> np.ndarray:
    """The source's code: one np.histogram for each item of view_as_blocks, which is a row of blocks."""
    return np.concatenate([np.histogram(row, bins=EDGES)[0] for row in view_as_blocks(image, (20, 20))])


def hashing(frames: np.ndarray, sample: int) -> dict[str, np.ndarray]:
    """Times every hash on all frames, the source's on some of them, and checks that the counts are equal."""
    out = table("Hashing", "hash", "numbers", "source [s]", "ours [s]", "ratio", "peak [MB]")
    features = {}
    sample = min(sample, len(frames))
    for name, source in (("blocks", source_blocks), ("strips", source_strips), ("robust", None)):
        ours = float("inf")
        for _ in range(REPEATS):
            features[name], seconds, peak = measured(partial(HASHES[name].features, frames, threads=THREADS))
            ours = min(ours, seconds)
        cells = ["-", f"{ours:.2f}", "-"]
        if source is not None:
            runs = [measured(lambda s=source: np.array([s(x / 255) for x in frames[:sample]])) for _ in range(REPEATS)]
            theirs, seconds = runs[0][0], min(run[1] for run in runs)
            np.testing.assert_array_equal(features[name][:sample], theirs)
            seconds *= len(frames) / sample
            cells = [f"{seconds:.1f}", f"{ours:.2f}", f"{seconds / ours:.0f}x"]
        out.add_row(name, f"{features[name].shape[1]:,}", *cells, f"{peak:.0f}")
    for name, work in perceptual_hashes().items():
        seconds = measured(lambda work=work: [work(frame) for frame in frames[:sample]])[1] * len(frames) / sample
        out.add_row(name, "64", "-", f"{seconds:.1f}", "-", "-")
    console.print(out)
    console.print(f"source's code and perceptual hashes: {sample} frames timed, scaled to {len(frames)}")
    console.print(f"source's and ours: the fastest of {REPEATS}; peak: with the result\n")
    return features


def source_search(features: np.ndarray, threshold: float) -> np.ndarray:
    """The source's code: the whole table of distances, the diagonal moved away, a comparison."""
    distances = squareform(pdist(features.astype(np.float64), "cosine")) + np.eye(len(features))
    return np.argwhere(np.triu(distances < threshold))


def searching(features: dict[str, np.ndarray]) -> None:
    """Times the search over all pairs and checks that the pairs are the same."""
    out = table("Search, all pairs under 0.008", "features", "searched by", "pairs", "seconds", "ratio", "peak [MB]")
    for name in ("blocks", "strips"):
        rows = features[name]
        (pairs, _), ours, peak = measured(lambda rows=rows: near_duplicates(rows, threads=THREADS))
        expected, theirs, their_peak = measured(lambda rows=rows: source_search(rows, 0.008))
        np.testing.assert_array_equal(pairs, expected)
        out.add_row(name, "squareform(pdist)", f"{len(expected):,}", f"{theirs:.2f}", "1x", f"{their_peak:.0f}")
        out.add_row(name, "ours", f"{len(pairs):,}", f"{ours:.2f}", f"{theirs / ours:.0f}x", f"{peak:.0f}")
        if importlib.util.find_spec("faiss"):
            found, seconds, peak = measured(lambda rows=rows: faiss_search(rows, 0.008))
            out.add_row(name, "faiss", f"{found:,}", f"{seconds:.2f}", f"{theirs / seconds:.0f}x", f"{peak:.0f}")
    console.print(out)
    console.print("ours equals the source's, pair for pair\n")


def faiss_search(features: np.ndarray, threshold: float) -> int:
    """Pairs by faiss' exact index of inner products, float32."""
    import faiss

    faiss.omp_set_num_threads(THREADS)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    index = faiss.IndexFlatIP(unit.shape[1])
    index.add(unit)
    limits, _, neighbours = index.range_search(unit, 1 - threshold)
    return int((neighbours > np.repeat(np.arange(len(unit)), np.diff(limits.astype(np.int64)))).sum())


def scaling(features: dict[str, np.ndarray], most: int, device: str | None) -> None:
    """Searches more rows than were hashed: each further copy has its blocks moved around, which keeps its own pairs."""
    where = device or f"{THREADS} cores"
    out = table(f"More rows, on {where}", "features", "rows", "pairs", "seconds", "peak [MB]")
    for name in ("blocks", "strips"):
        base = features[name]
        for count in (most // 4, most // 2, most):
            rows = np.empty((count, base.shape[1]), np.float32)
            for copy, start in enumerate(range(0, count, len(base))):
                rows[start : start + len(base)] = np.roll(base, 9 * copy, axis=1)[: count - start]
            search = partial(near_duplicates, rows, device=device, threads=THREADS)
            (pairs, _), seconds, peak = measured(search)
            out.add_row(name, f"{count:,}", f"{len(pairs):,}", f"{seconds:.1f}", f"{peak:.0f}")
            del rows, search
    console.print(out)


# Quality -------------------------------------------------------------------------------------------------------------


def perceptual_hashes() -> dict[str, Callable]:
    """name -> function of a frame: imagededup's where it is installed, else ImageHash's, else none."""
    if importlib.util.find_spec("imagededup"):
        from imagededup.methods import AHash, DHash, PHash, WHash

        methods = dict(zip(PERCEPTUAL, (PHash(), DHash(), AHash(), WHash()), strict=True))
        return {
            name: lambda frame, m=method: int(m.encode_image(image_array=frame), 16) for name, method in methods.items()
        }
    if importlib.util.find_spec("imagehash"):
        import imagehash
        from PIL import Image

        functions = (imagehash.phash, imagehash.dhash, imagehash.average_hash, imagehash.whash)
        return {
            name: lambda frame, f=function: int(str(f(Image.fromarray(frame))), 16)
            for name, function in zip(PERCEPTUAL, functions, strict=True)
        }
    return {}


def distances_within_subjects(seeds: range) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """hash -> distances of all pairs of frames of one subject, and whether each pair was planted as a duplicate."""
    finders = {name: (lambda frames, h=h: h.features(frames, threads=THREADS)) for name, h in HASHES.items()}
    for name, work in perceptual_hashes().items():
        finders[name] = lambda frames, work=work: np.array([work(frame) for frame in frames], np.uint64)
    parts: dict[str, list] = {name: [] for name in finders}
    truths = []
    for seed in seeds:
        frames = generate(SUBJECTS, FRAMES, seed)
        members = [np.flatnonzero(frames.subject == subject) for subject in np.unique(frames.subject)]
        pairs = [m[np.stack(np.triu_indices(len(m), 1), axis=1)] for m in members]
        truths += [truth_pairs(p, frames.duplicate_group) for p in pairs]
        for name, describe in finders.items():
            features = describe(frames.images)
            if features.dtype == np.uint64:
                parts[name] += [np.bitwise_count(features[p[:, 0]] ^ features[p[:, 1]]).astype(float) for p in pairs]
            else:
                parts[name] += [pdist(features[m].astype(np.float64), "cosine") for m in members]
    truth = np.concatenate(truths)
    return {name: (np.concatenate(part), truth) for name, part in parts.items()}


def best_range(distances: np.ndarray, truth: np.ndarray) -> tuple[float, float, float]:
    """The thresholds within 0.002 of the best F1 (first and last), and that F1."""
    thresholds, precision, recall = precision_recall(distances, truth)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    good = thresholds[f1 >= f1.max() - 0.002]
    return float(good[0]), float(good[-1]), float(f1.max())


def calibrate() -> None:
    """The rule for `robust`: the geometric middle of the best range on the calibration seeds."""
    distances, truth = distances_within_subjects(CALIBRATION_SEEDS)["robust"]
    low, high, f1 = best_range(distances, truth)
    seeds = f"{CALIBRATION_SEEDS.start}-{CALIBRATION_SEEDS.stop - 1}"
    console.print(f"seeds {seeds}: {truth.sum():,} planted pairs of {len(truth):,}; best F1 {f1:.4f}")
    console.print(f"within 0.002 of it from {low:.4f} to {high:.4f}; geometric middle {np.sqrt(low * high):.4f}")
    console.print(f"in use: {HASHES['robust'].threshold}")


def at(distances: np.ndarray, truth: np.ndarray, threshold: float) -> str:
    found = distances < threshold
    hits = np.count_nonzero(truth & found)
    return f"{hits / max(1, np.count_nonzero(found)):.3f} / {hits / np.count_nonzero(truth):.3f}"


def scoring() -> None:
    """Precision and recall of every finder on seeds that nothing was fitted on, and points of its curve."""
    results = distances_within_subjects(TEST_SEEDS)
    targets = (0.5, 0.8, 0.9, 0.95, 0.99)
    columns = ("threshold", "precision / recall", "recall at p .99", *(f"p at r {target:g}" for target in targets))
    out = table("Finding planted near-duplicates within a subject", "hash", *columns)
    for name, (distances, truth) in results.items():
        own = HASHES[name].threshold if name in HASHES else 10.5
        _, precision, recall = precision_recall(distances, truth)
        reach = recall[precision >= 0.99]
        curve = [f"{precision[recall >= target].max(initial=0):.3f}" for target in targets]
        label = f"{own:g}" if name in HASHES else "10 bits"
        out.add_row(name, label, at(distances, truth, own), f"{reach.max(initial=0):.3f}", *curve)
    console.print(out)
    seeds = f"{TEST_SEEDS.start}-{TEST_SEEDS.stop - 1}"
    console.print(
        f"seeds {seeds}: {truth.sum():,} planted pairs of {len(truth):,}; p, r: precision, recall along the curve"
    )


def absent() -> None:
    """Says which peers were not there to be compared."""
    missing = [name for name in ("faiss", "imagededup") if not importlib.util.find_spec(name)]
    if "imagededup" in missing and importlib.util.find_spec("imagehash"):
        console.print("the perceptual hashes are ImageHash's: imagededup is not installed")
    elif "imagededup" in missing:
        console.print("no perceptual hashes: neither imagededup nor ImageHash is installed")
    if "faiss" in missing:
        console.print("no faiss: it is not installed (faiss-cpu)")


if __name__ == "__main__":
    main()
