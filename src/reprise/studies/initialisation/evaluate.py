"""Claims 159-161, 163, 164: the size of the first weights, optimizers' settings, and how rare random minima are."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from reprise.claims.evidence import Evidence, Finding, Metric, Table, above, below, between, equals
from reprise.statistics import exact, mean_effect, proportion
from reprise.studies.initialisation import lesson
from reprise.studies.initialisation.figures import draw
from reprise.studies.initialisation.settings import Config
from reprise.workspace import Workspace


@threadpool_limits.wrap(limits=1, user_api="blas")  # small matrices: threads only wait for each other
def evaluate(workspace: Workspace) -> Evidence:
    """Measures and draws. Only the check of torch's defaults imports torch."""
    config: Config = workspace.config
    evidence = Evidence(
        data=f"generated: {config.seeds} random networks of each kind, {config.depth} layers of {config.width} units, "
        f"{config.examples} normal inputs; {config.hessians} random Hessians of each dimension",
    )
    signals = _signals(config)
    _sizes(config, evidence, signals)
    _identity(config, evidence)
    _xavier(config, evidence, signals)
    _settings(evidence)
    eigenvalues = _minima(config, evidence)
    evidence.figures += draw(workspace.evidence / "figures", config, signals, eigenvalues)
    return evidence


def _signals(config: Config) -> dict[tuple[str, str], dict[str, np.ndarray]]:
    """(activation, scheme) -> (seeds, depth) arrays of what came through."""
    n = config.width
    schemes = {"N(0, 1)": 1.0, "N(0, 0.01²)": 0.01, "Xavier": lesson.xavier_deviation(n), "He": lesson.he_deviation(n)}
    wanted = [(a, s) for a in ("tanh", "ReLU") for s in schemes] + [("linear", "Xavier")]
    runs: dict[tuple[str, str], list[lesson.Signal]] = {key: [] for key in wanted}
    for seed in range(config.seeds):  # all schemes share each seed's draws
        rng = np.random.default_rng([159, seed])
        weights = rng.normal(size=(config.depth, n, n))
        inputs, upstream = rng.normal(size=(2, config.examples, n))
        for activation, scheme in wanted:
            signal = lesson.through_layers(activation, schemes[scheme], weights, inputs, upstream)
            runs[activation, scheme].append(signal)
    names = ("moments", "variances", "saturated", "gradients")
    return {key: {name: np.array([getattr(r, name) for r in row]) for name in names} for key, row in runs.items()}


def _growth(rows: np.ndarray) -> np.ndarray:
    """log10 of the last layer's value over the first's, per seed."""
    return np.log10(rows[:, -1] / rows[:, 0])


def _sizes(config: Config, evidence: Evidence, signals: dict[Any, Any]) -> None:
    big, small = signals["ReLU", "N(0, 1)"], signals["ReLU", "N(0, 0.01²)"]
    tanh = signals["tanh", "N(0, 1)"]
    layers = f"{config.depth} layers of {config.width}"
    evidence.findings += [
        Finding(
            159,
            f"log10 growth of the activations' variance through {layers} ReLU units, weights N(0, 1)",
            mean_effect(_growth(big["variances"]), unit="log10"),
            above(3),
            note=f"Theory: a factor n/2 = {config.width / 2:g} a layer.",
            figures=("initialisation-signals",),
        ),
        Finding(
            159,
            f"log10 of the gradient at the first over that at the last of {layers} ReLU units, weights N(0, 0.01²)",
            mean_effect(-_growth(small["gradients"]), unit="log10"),
            below(-3),
            note="A gradient that is multiplied by less than one in every layer: the first layers do not learn.",
            figures=("initialisation-signals",),
        ),
        Finding(
            159,
            f"The same for {layers} tanh units, weights N(0, 0.01²)",
            mean_effect(-_growth(signals["tanh", "N(0, 0.01²)"]["gradients"]), unit="log10"),
            below(-3),
            figures=("initialisation-signals",),
        ),
        Finding(
            159,
            "Share of tanh units beyond ±0.99 in the last layer, weights N(0, 1)",
            mean_effect(tanh["saturated"][:, -1]),
            kind="context",
            note="Bounded activations cannot explode: too large weights saturate them instead.",
        ),
    ]


def _identity(config: Config, evidence: Evidence) -> None:
    """Var(Wx) by simulation over n Var(W) Var(x), for distributions that are not normal."""
    n, rng = 32, np.random.default_rng(160)
    centred, rectified = [], []
    for _ in range(config.replicates):
        w = rng.uniform(-1, 1, size=(config.draws, n)) * np.sqrt(3 / n)
        x = rng.exponential(size=(config.draws, n)) - 1
        centred.append((w * x).sum(axis=1).var(ddof=1))
        rectified.append((w * np.maximum(0, rng.normal(size=w.shape))).sum(axis=1).var(ddof=1))
    mean, variance = 1 / np.sqrt(2 * np.pi), 1 / 2 - 1 / (2 * np.pi)  # of max(0, N(0, 1))
    evidence.findings += [
        Finding(
            160,
            "Var(Wx) over n Var(W) Var(x), independent, means 0",
            mean_effect(np.array(centred)),
            between(0.99, 1.01),
            note=f"n = {n}; W uniform, x exponential minus 1: the identity needs independence and means 0, not "
            f"normality. {config.replicates} estimates from {config.draws} sums each.",
        ),
        Finding(
            160,
            "The same ratio where x comes out of a ReLU",
            mean_effect(np.array(rectified) / (n * variance / n)),
            kind="context",
            defect=17,
            note=f"Its mean is {mean:.3f}, not 0, so E[x]² Var(W) stays: the ratio is E[x²]/Var(x) = "
            f"{0.5 / variance:.3f}.",
        ),
        Finding(
            160,
            "The full product formula, Var(Wx) over n (E[x]² Var W + Var W Var x), x out of a ReLU",
            mean_effect(np.array(rectified) / lesson.variance_of_sum(n, 0, 1 / n, mean, variance)),
            between(0.99, 1.01),
            kind="oracle",
            oracle="Monte Carlo",
        ),
    ]


def _xavier(config: Config, evidence: Evidence, signals: dict[Any, Any]) -> None:
    def per_layer(activation: str, scheme: str) -> np.ndarray:
        return 10 ** (_growth(signals[activation, scheme]["moments"]) / (config.depth - 1))

    expected = {a: lesson.expected_moments(a, 1.0, config.depth) for a in ("tanh", "ReLU")}
    tanh = signals["tanh", "Xavier"]["moments"][:, -1]
    he = per_layer("ReLU", "He")
    evidence.findings += [
        Finding(
            161,
            "Factor on the second moment a layer, linear units, Xavier",
            mean_effect(per_layer("linear", "Xavier")),
            between(0.98, 1.02),
            note=f"The derivation's own case. A width of {config.width} loses about 1/{config.width} a layer on the "
            "geometric mean.",
            figures=("initialisation-signals",),
        ),
        Finding(
            161,
            "Variance of the first layer's ReLU units, Xavier",
            mean_effect(signals["ReLU", "Xavier"]["variances"][:, 0]),
            equals(1, 0.05),
            variant="text",
            published="'the initial variance of activation units will be one', 'if we suppose that g is ReLU' (S3)",
            defect=17,
            note="Var(max(0, z)) = ½ - 1/2π = 0.341 for z ~ N(0, 1). The derivation drops g.",
        ),
        Finding(
            161,
            "Factor on the second moment a layer, ReLU units, Xavier",
            mean_effect(per_layer("ReLU", "Xavier")),
            between(0.95, 1.05),
            variant="text",
            published="'We can apply this rule on all weights' (S3)",
            defect=17,
            note=f"One half a layer: after {config.depth} layers 2^-{config.depth - 1} is left.",
            figures=("initialisation-signals",),
        ),
        Finding(
            161,
            "Factor on the second moment a layer, ReLU units, He: N(0, √(2/n))",
            mean_effect(he),
            between(0.95, 1.05),
            kind="oracle",
            variant="corrected",
            oracle="E[max(0, z)²] = E[z²]/2 for symmetric z, so n Var(W) = 2 keeps it (He et al. 2015)",
            defect=17,
            figures=("initialisation-signals",),
        ),
        Finding(
            161,
            f"Second moment in layer {config.depth}, tanh units, Xavier",
            mean_effect(tanh),
            kind="context",
            note=f"Not 1 either: tanh shrinks what it squashes. Infinitely wide layers would have "
            f"{expected['tanh'][-1]:.4f}.",
            figures=("initialisation-signals",),
        ),
        Finding(
            161,
            f"The same over its infinite-width value, layer {config.depth}",
            mean_effect(tanh / expected["tanh"][-1]),
            between(0.9, 1.1),
            kind="oracle",
            oracle="mean-field recursion by Gauss-Hermite quadrature",
            note=f"Corrections are of the order depth/width = {config.depth / config.width:.2f}.",
        ),
        Finding(
            161,
            "Factor a layer, linear units, if 1/√n is read as the variance (as N(μ, σ²) usually is)",
            exact(config.width**0.5),
            kind="context",
            variant="text",
            note="n · 1/√n = √n: it explodes. The deviation 1/√n is meant.",
        ),
    ]
    evidence.metrics["he_factor"] = Metric(float(he.mean()), "equal", float(he.std(ddof=1)), config.seeds)


def _settings(evidence: Evidence) -> None:
    """S3's list against what two libraries take for granted, and our two optimizers against torch's."""
    import torch
    from sklearn.neural_network import MLPClassifier

    adam, sgd, mlp = (
        {name: parameter.default for name, parameter in inspect.signature(kind).parameters.items()}
        for kind in (torch.optim.Adam, torch.optim.SGD, MLPClassifier)
    )
    hidden = mlp["hidden_layer_sizes"]
    libraries = {  # torch leaves the network's shape, batches and schedule to its user
        "learning rate": (adam["lr"], mlp["learning_rate_init"]),
        "hidden units": ("", hidden[0]),
        "layers": ("", len(hidden)),
        "mini-batch size": ("", f"{mlp['batch_size']}: min(200, n)"),
        "momentum": (sgd["momentum"], mlp["momentum"]),
        "Adam β1": (adam["betas"][0], mlp["beta_1"]),
        "Adam β2": (adam["betas"][1], mlp["beta_2"]),
        "Adam ε": (adam["eps"], mlp["epsilon"]),
        "learning rate decay": ("", mlp["learning_rate"]),
    }
    given = {name: value for name, value in lesson.HYPERPARAMETERS.items() if value is not None}
    for column, library in enumerate(("torch", "scikit-learn")):
        agree = [name for name, value in given.items() if libraries[name][column] == value]
        adams = sum(name.startswith("Adam") for name in agree)
        evidence.findings += [
            Finding(
                163,
                f"Adam's settings in S3 that are {library}'s defaults",
                exact(adams, 3, "of 3"),
                equals(3),
                published="β1 = 0.9, β2 = 0.999, ε = 1e-8 (S3)",
                oracle=f"{library}'s own signature",
            ),
            Finding(
                163,
                f"All numbers of S3's list that are {library}'s defaults",
                exact(len(agree), len(given), f"of {len(given)}"),
                kind="context",
                note="torch's SGD has momentum 0 unless asked; scikit-learn's has 0.9."
                if library == "torch"
                else "Momentum 0.9 and the learning rate 0.001 are defaults here.",
            ),
        ]
    evidence.findings += [
        Finding(
            163,
            "Hyper-parameters of S3's list that scikit-learn's network has as settings",
            exact(sum(value[1] != "" for value in libraries.values()), len(libraries), f"of {len(libraries)}"),
            equals(len(libraries)),
        ),
        _optimizer_parity(torch),
    ]
    evidence.tables.append(
        Table(
            "Hyper-parameters and their usual values",
            ("hyper-parameter", "S3's example", "torch", "scikit-learn's MLPClassifier"),
            tuple(
                (name, "" if value is None else f"{value:g}", str(libraries[name][0]), str(libraries[name][1]))
                for name, value in lesson.HYPERPARAMETERS.items()
            ),
            "Read from the installed libraries' signatures. S3 gives 0.1, 0.01, 0.001, ... as learning rates.",
        )
    )


def _optimizer_parity(torch: Any) -> Finding:
    """100 steps of ours and of torch's on one curved valley, float64."""

    def slope(theta: np.ndarray) -> np.ndarray:
        return np.array([2 * theta[0] + np.cos(theta[1]), 20 * theta[1] - theta[0] * np.sin(theta[1])])

    start, worst = np.array([1.0, -0.5]), 0.0
    for path, optimizer, options in (
        (lesson.adam_path(slope, start, 100, 0.01), torch.optim.Adam, {"lr": 0.01}),
        (lesson.momentum_path(slope, start, 100, 0.01), torch.optim.SGD, {"lr": 0.01, "momentum": 0.9}),
    ):
        theta = torch.tensor(start, dtype=torch.float64, requires_grad=True)
        theirs = optimizer([theta], **options)
        for ours in path[1:]:
            theta.grad = torch.tensor(slope(theta.detach().numpy()))
            theirs.step()
            worst = max(worst, float(np.abs(theta.detach().numpy() - ours).max()))
    return Finding(
        163,
        "Largest distance of our Adam and momentum from torch's over 100 steps",
        exact(worst, 200),
        between(0, 1e-12),
        kind="oracle",
        oracle="torch.optim.Adam and SGD, float64; a few roundings a step",
    )


def _minima(config: Config, evidence: Evidence) -> dict[int, np.ndarray]:
    eigenvalues = {
        n: lesson.smallest_eigenvalues(n, config.hessians, np.random.default_rng([164, n]))
        for n in range(1, config.dimensions + 1)
    }
    for n, truth in lesson.ALL_POSITIVE.items():
        evidence.findings.append(
            Finding(
                164,
                f"Share of random {n} x {n} Hessians that are minima",
                proportion(int((eigenvalues[n] > 0).sum()), config.hessians),
                equals(truth, 5 * np.sqrt(truth * (1 - truth) / config.hessians)),
                kind="oracle",
                oracle=f"exact probability {truth:.6f}; band of five standard errors",
                figures=("initialisation-minima",),
            )
        )
    for n, bound in ((4, 0.01), (config.dimensions, 0.001)):
        evidence.findings.append(
            Finding(
                164,
                f"Share of random {n} x {n} Hessians that are minima",
                proportion(int((eigenvalues[n] > 0).sum()), config.hessians),
                below(bound),
                published="'extremely low' in a high dimensional space (S3)",
                figures=("initialisation-minima",),
            )
        )
    n = config.dimensions
    shifted = eigenvalues[n] + 1.2 * np.sqrt(2 * n)
    evidence.findings.append(
        Finding(
            164,
            f"Share of minima in dimension {n} where the curvature is shifted up by 1.2 times the spectrum's radius",
            proportion(int((shifted > 0).sum()), config.hessians),
            kind="context",
            note="The claim is about typical critical points. Low in a landscape all curvatures shift upwards (Bray "
            "and Dean 2007), and there nearly every critical point is a minimum: gradient descent does end in minima, "
            "but in low ones.",
            figures=("initialisation-minima",),
        )
    )
    evidence.metrics["minima_share_4"] = Metric(float((eigenvalues[4] > 0).mean()), "equal", n=config.hessians)
    return eigenvalues
