"""Detections of 5,000 pictures scored by COCO's rules: time and largest difference from others' implementations.

Made-up detections with COCO's sizes: 80 classes, 36,000 objects, up to 100 detections a picture. What is not installed
is left out (``pip install pycocotools faster-coco-eval``). Run from the repository: ``python benchmarks/detection.py``.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from reprise.data.detection_report import report

PEERS = {"pycocotools": ("COCO", "COCOeval"), "faster_coco_eval": ("COCO", "COCOeval_faster")}


def made_up(pictures: int, rng: np.random.Generator) -> tuple[dict, list[dict]]:
    """Annotations and detections; two thirds of the objects are found, more or less closely."""
    objects = rng.poisson(7.3, pictures)
    image = np.repeat(np.arange(pictures), objects)
    count = len(image)
    favourites = rng.integers(0, 80, (pictures, 4))
    category = favourites[image, rng.integers(0, 4, count)]
    boxes = _boxes(rng, count)
    near = np.repeat(np.arange(count), rng.integers(0, 4, count))
    found = boxes[near] + rng.normal(0, 0.1, (len(near), 4)) * np.tile(boxes[near][:, 2:], 2)
    stray = np.repeat(np.arange(pictures), np.maximum(100 - np.bincount(image[near], minlength=pictures), 0))
    of = np.concatenate([image[near], stray])
    kinds = np.concatenate([category[near], favourites[stray, rng.integers(0, 4, len(stray))]])
    detected = np.concatenate([found, _boxes(rng, len(stray))]).round(2)
    detected[:, 2:] = np.maximum(detected[:, 2:], 1)
    scores = np.concatenate([rng.beta(4, 2, len(near)), rng.beta(1, 6, len(stray))]).round(6)
    annotations = [
        {"id": i + 1, "image_id": int(image[i]), "category_id": int(category[i]), "bbox": boxes[i].tolist(),
         "area": float(0.6 * boxes[i, 2] * boxes[i, 3]), "iscrowd": int(i % 80 == 0)}
        for i in range(count)
    ]  # fmt: skip
    results = [
        {"image_id": int(of[i]), "category_id": int(kinds[i]), "bbox": detected[i].tolist(), "score": float(scores[i])}
        for i in rng.permutation(len(of))
    ]
    images = [{"id": i, "height": 480, "width": 640} for i in range(pictures)]
    categories = [{"id": k, "name": f"class {k}"} for k in range(80)]
    return {"images": images, "categories": categories, "annotations": annotations}, results


def _boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    sides = np.exp(rng.uniform(2, 5.8, (count, 2)))
    corner = rng.uniform(0, 1, (count, 2)) * np.maximum([640, 480] - sides, 1)
    return np.concatenate([corner, sides], axis=1).round(2)


def by_peer(name: str, truth: Path, results: Path) -> np.ndarray:
    """The twelve numbers of another implementation."""
    dataset, evaluation = PEERS[name]
    if name == "pycocotools":
        loader = getattr(importlib.import_module("pycocotools.coco"), dataset)
        scorer = getattr(importlib.import_module("pycocotools.cocoeval"), evaluation)
    else:
        package = importlib.import_module(name)
        loader, scorer = getattr(package, dataset), getattr(package, evaluation)
    with contextlib.redirect_stdout(io.StringIO()):
        known = loader(str(truth))
        run = scorer(known, known.loadRes(str(results)), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    return np.array(run.stats[:12], dtype=float)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=5000)
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        truth, results = Path(folder) / "truth.json", Path(folder) / "results.json"
        annotations, detections = made_up(options.pictures, np.random.default_rng(0))
        truth.write_text(json.dumps(annotations), encoding="utf-8")
        results.write_text(json.dumps(detections), encoding="utf-8")
        counts = f"{options.pictures:,} pictures, {len(annotations['annotations']):,} objects"
        print(f"{counts}, {len(detections):,} detections; seconds from files to numbers, best of {options.times}")
        del annotations, detections
        ours = np.array(list(report(truth, results).scores.table().values()))
        for name in ("reprise", *PEERS):
            try:
                found, seconds = _timed(name, truth, results, options.times)
            except ImportError:
                print(f"{name:18} not installed")
                continue
            known = ~np.isnan(ours)
            print(
                f"{name:18} {seconds:7.2f} s   largest difference {np.abs(found - ours)[known].max():.1e}", flush=True
            )


def _timed(name: str, truth: Path, results: Path, times: int) -> tuple[np.ndarray, float]:
    taken = []
    for _ in range(times):
        start = time.process_time()
        if name == "reprise":
            found = np.array(list(report(truth, results).scores.table().values()))
        else:
            found = by_peer(name, truth, results)
        taken.append(time.process_time() - start)
    return found, min(taken)


if __name__ == "__main__":
    main()
