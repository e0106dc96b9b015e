"""How fast and how exact the calibration kit is beside netcal, torchmetrics and torch, on one thread.

    python benchmarks/calibration.py              50,000 x 1,000 logits; minutes, most of them the peers'
    python benchmarks/calibration.py --rows 5000 --classes 100

Logits are drawn so that T = 2 is right but for chance. Times are the best of several runs in this process, with the
arrays already made; a ratio above 1 means that this kit is faster. A peer that is not installed is named and left out.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from reprise.calibration import (
    BayesianBinning,
    HistogramBinning,
    IsotonicCalibration,
    MatrixScaling,
    PlattScaling,
    TemperatureScaling,
    VectorScaling,
    softmax,
)
from reprise.metrics.calibration import expected_calibration_error, negative_log_likelihood

PEERS = ("netcal", "torchmetrics", "torch")
FOUND = {name: importlib.util.find_spec(name) is not None for name in PEERS}


def main() -> None:
    """Prints one table a question."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--classes", type=int, default=1_000)
    parser.add_argument("--few", type=int, default=10, help="classes for Bayesian binning")
    arguments = parser.parse_args()
    threadpool_limits(1)
    absent = [name for name in PEERS if not FOUND[name]]
    if absent:
        print(f"not installed, left out: {', '.join(absent)}")
    if FOUND["torch"]:
        import torch

        torch.set_num_threads(1)
    logits, labels = overconfident_logits(arguments.rows, arguments.classes)
    measure_errors(logits, labels)
    measure_temperature(logits, labels)
    measure_binning(logits, labels)
    logits, labels = overconfident_logits(arguments.rows, arguments.few)
    measure_temperature(logits, labels)
    measure_affine(logits, labels)
    measure_bayesian(logits, labels)


def overconfident_logits(n: int, k: int, temperature: float = 2.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(n, k) float64 logits and (n,) labels drawn from softmax(logits / temperature)."""
    rng = np.random.default_rng(seed)
    logits = 2 * rng.standard_normal((n, k))
    logits[np.arange(n), rng.integers(0, k, n)] += 4 + np.log(k)
    cumulative = np.cumsum(softmax(logits), axis=1)
    labels = (cumulative < rng.random((n, 1)) * cumulative[:, -1:]).sum(axis=1)
    return temperature * logits, labels


def measure_errors(logits: np.ndarray, labels: np.ndarray) -> None:
    """Expected calibration error, in both precisions, with and without the checks of the input."""
    for dtype in (np.float32, np.float64):
        probabilities = softmax(logits.astype(dtype))
        print(f"\nexpected calibration error, {describe(probabilities)}")
        ours, value = best(lambda p=probabilities: expected_calibration_error(p, labels))
        unchecked, _ = best(lambda p=probabilities: expected_calibration_error(p, labels, check=False))
        reading, _ = best(lambda p=probabilities: p.argmax(axis=1))
        row("reprise", ours, f"{value:.8f}")
        row("reprise, check=False", unchecked)
        row("argmax alone", reading, "(reads every number once: the floor)")
        if FOUND["torchmetrics"]:
            import torch
            from torchmetrics.functional.classification import multiclass_calibration_error

            p, y = torch.from_numpy(probabilities), torch.from_numpy(labels)
            k = probabilities.shape[1]
            seconds, value = best(lambda p=p, y=y, k=k: float(multiclass_calibration_error(p, y, k, n_bins=15)))
            row("torchmetrics", seconds, f"{value:.8f}", ours, unchecked)
        if FOUND["netcal"]:
            from netcal.metrics import ECE

            seconds, value = best(lambda p=probabilities: ECE(15).measure(p, labels))
            row("netcal", seconds, f"{value:.8f}", ours, unchecked)


def measure_temperature(logits: np.ndarray, labels: np.ndarray) -> None:
    """Temperature scaling: seconds, the temperature, and how far its NLL is above the best found."""
    print(f"\ntemperature scaling, fit, {describe(logits)}")
    fits: list[tuple[str, float, float]] = []
    single = logits.astype(np.float32)
    ours, method = best(lambda: TemperatureScaling().fit(logits, labels), 3)
    fits.append(("reprise", ours, method.temperature))
    seconds, method = best(lambda: TemperatureScaling().fit(single, labels), 3)
    fits.append(("reprise, float32", seconds, method.temperature))
    if FOUND["netcal"]:
        from netcal.scaling import TemperatureScaling as Peer

        probabilities = softmax(logits)
        seconds, peer = best(lambda: fitted(Peer(), probabilities, labels), 1)
        fits.append(("netcal", seconds, 1 / float(peer.temperature[0])))
        half = probabilities.astype(np.float32)
        seconds, peer = best(lambda: fitted(Peer(), half, labels), 1)
        fits.append(("netcal, float32", seconds, 1 / float(peer.temperature[0])))
    if FOUND["torch"]:
        for name, settings in (
            ("torch LBFGS, strong Wolfe", {"lr": 1.0, "max_iter": 100, "line_search_fn": "strong_wolfe"}),
            ("torch LBFGS, lr 0.01, 50 steps", {"lr": 0.01, "max_iter": 50}),
        ):
            seconds, temperature = best(lambda s=settings: torch_temperature(single, labels, s), 1)
            fits.append((name, seconds, temperature))
    losses = [negative_log_likelihood(softmax(logits, 1 / t), labels) for _, _, t in fits]
    for (name, seconds, temperature), loss in zip(fits, losses, strict=True):
        note = f"T = {temperature:.6f}, NLL {loss - min(losses):.1e} above the best"
        row(name, seconds, note, None if name.startswith("reprise") else ours)


def measure_affine(logits: np.ndarray, labels: np.ndarray) -> None:
    """Vector, matrix and Platt scaling of logits whose classes need their own scales and shifts; no peer has them."""
    rng = np.random.default_rng(1)
    k = logits.shape[1]
    logits = logits * rng.uniform(0.7, 1.4, k) + 0.5 * rng.standard_normal(k)
    for dtype in (np.float32, np.float64):
        given = logits.astype(dtype)
        print(f"\nvector, matrix and Platt scaling, {describe(given)}")
        for method in (VectorScaling, MatrixScaling, PlattScaling):
            seconds, fit = best(lambda m=method, z=given: m().fit(z, labels), 3)
            row(f"{method.__name__}, fit", seconds)
            seconds, probabilities = best(lambda f=fit, z=given: f.transform(z), 5)
            row(f"{method.__name__}, transform", seconds, f"NLL {negative_log_likelihood(probabilities, labels):.8f}")


def measure_binning(logits: np.ndarray, labels: np.ndarray) -> None:
    """Histogram binning and isotonic regression; netcal is given the probabilities, this kit takes the softmax too."""
    methods: tuple[tuple[str, Callable[[], Any], str], ...] = (
        ("histogram binning", lambda: HistogramBinning(bins=15), "HistogramBinning"),
        ("isotonic regression", IsotonicCalibration, "IsotonicRegression"),
    )
    for title, ours_class, peer_class in methods:
        compare(title, logits, labels, ours_class, peer_class, (15,) if peer_class == "HistogramBinning" else ())


def measure_bayesian(logits: np.ndarray, labels: np.ndarray) -> None:
    """Bayesian binning; netcal's is another estimate (equal widths, BIC) at the same task."""
    compare("Bayesian binning into quantiles", logits, labels, BayesianBinning, "BBQ", ())


def compare(
    title: str, logits: np.ndarray, labels: np.ndarray, ours_class: Callable[[], Any], peer: str, arguments: tuple
) -> None:
    """Times fit and transform of this kit's method and netcal's."""
    print(f"\n{title}, {describe(logits)}")
    fit, method = best(lambda: ours_class().fit(logits, labels), 2)
    apply, ours = best(lambda: method.transform(logits), 2)
    row("reprise, fit", fit)
    row("reprise, transform", apply)
    if not FOUND["netcal"]:
        return
    from netcal import binning

    probabilities = softmax(logits)
    seconds, method = best(lambda: fitted(getattr(binning, peer)(*arguments), probabilities, labels), 1)
    row("netcal, fit", seconds, "", fit)
    seconds, theirs = best(lambda: method.transform(probabilities), 1)
    difference = np.abs(theirs - ours)
    row("netcal, transform", seconds, f"largest difference {np.nanmax(difference):.1e}", apply)


def torch_temperature(logits: np.ndarray, labels: np.ndarray, settings: dict[str, Any]) -> float:
    """The usual recipe: T = 1.5 at the start, LBFGS on the NLL."""
    import torch

    z, y = torch.from_numpy(logits), torch.from_numpy(labels)
    temperature = torch.full((1,), 1.5, requires_grad=True)
    optimizer = torch.optim.LBFGS([temperature], **settings)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(z / temperature, y)
        loss.backward()
        return loss

    optimizer.step(closure)
    return float(temperature.detach())


def fitted(method: Any, probabilities: np.ndarray, labels: np.ndarray) -> Any:
    """netcal's fit, without its progress bars."""
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        method.fit(probabilities, labels)
    return method


def best(call: Callable[[], Any], repeats: int = 7) -> tuple[float, Any]:
    """Least wall-clock seconds of ``repeats`` calls, and the last result."""
    times = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(repeats):
            start = time.perf_counter()
            result = call()
            times.append(time.perf_counter() - start)
    return min(times), result


def describe(array: np.ndarray) -> str:
    """Shape and type for a heading."""
    return f"{array.shape[0]:,} x {array.shape[1]:,} {array.dtype}, one thread"


def row(name: str, seconds: float, note: str = "", ours: float | None = None, unchecked: float | None = None) -> None:
    """One line: seconds, and how many times slower than this kit where that is asked."""
    ratio = f"{seconds / ours:7.1f} x slower" if ours else ""
    ratio += f" ({seconds / unchecked:.1f} x than unchecked)" if unchecked else ""
    print(f"  {name:<32}{seconds:10.4f} s  {ratio}  {note}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
