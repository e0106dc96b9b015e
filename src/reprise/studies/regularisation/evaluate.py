"""Claims 155-158: penalties pull minimisers towards zero; scaled features shorten the way to them."""

from __future__ import annotations

import numpy as np
from scipy import integrate, stats
from threadpoolctl import threadpool_limits

from reprise.claims.evidence import Evidence, Finding, Metric, Table, above, below, between, equals
from reprise.statistics import exact, mean_effect
from reprise.studies.losses import lesson as losses
from reprise.studies.regularisation import figures as figures
from reprise.studies.regularisation import lesson
from reprise.studies.regularisation.settings import Config
from reprise.workspace import Workspace

STRENGTHS = np.logspace(-3, 3, 61)
RIDGE = np.logspace(-8, 2, 41)
ALPHAS = np.logspace(-2.5, 0.3, 40)
SHOWN = 5.0  # scale of the drawn example


@threadpool_limits.wrap(limits=1, user_api="blas")  # small matrices: threads only wait for each other
def evaluate(workspace: Workspace) -> Evidence:
    """Measures and draws; torch is not needed."""
    config: Config = workspace.config
    evidence = Evidence(
        data=f"generated: {config.repetitions} regression problems each; scikit-learn's diabetes data (442 x 10) for "
        "the coefficient paths",
    )
    curves = _minimisers(evidence)
    ridge = _overfitting(config, evidence)
    paths = _elastic_net(evidence)
    descents = _scaling(config, evidence)
    _transforms(evidence)
    folder = workspace.evidence / "figures"
    evidence.figures += [
        figures.minimisers(folder, config, STRENGTHS, curves, RIDGE, ridge),
        figures.coefficients(folder, ALPHAS, paths),
        figures.descents(folder, SHOWN, descents),
    ]
    return evidence


def _minimisers(evidence: Evidence) -> dict[float, np.ndarray]:
    """(θ1 - 1)² + (θ2 - 1)² + λ Σ|θ|^p separates, so one coordinate tells all."""
    curves = {p: np.array([lesson.lp_minimiser(1.0, s, p) for s in STRENGTHS]) for p in (0.5, 1.0, 1.5, 2.0, 4.0)}
    closed = {1.0: [lesson.lasso_minimiser(1.0, s) for s in STRENGTHS], 2.0: 1 / (1 + STRENGTHS)}
    for p, name in ((2.0, "L2 minimiser from 1 / (1 + λ)"), (1.0, "L1 minimiser from max(0, 1 - λ/2)")):
        evidence.findings.append(
            Finding(
                155,
                f"Largest distance of the {name}, found by search",
                exact(np.abs(curves[p] - closed[p]).max(), len(STRENGTHS)),
                between(0, 1e-6),
                oracle="numerical search without derivatives, good to about √ε = 1.5e-8",
                figures=("regularisation-minimisers",),
            )
        )
    for end, text, right in ((-1, "λ = 1000", 0.0), (0, "λ = 0.001", 1.0)):
        for p, name in ((1.0, "L1"), (2.0, "L2")):
            evidence.findings.append(
                Finding(
                    155,
                    f"Minimiser's distance from ({right:g}, {right:g}) at {text}, {name}",
                    exact(np.sqrt(2) * abs(curves[p][end] - right)),
                    below(0.01),
                    published="'around (0,0)' and 'around (1,1)' (S3)",
                    figures=("regularisation-minimisers",),
                )
            )
    evidence.findings += [
        Finding(
            155,
            "Smallest λ on the grid at which the L1 minimiser is exactly 0",
            exact(STRENGTHS[curves[1.0] == 0].min()),
            between(2, 2 * STRENGTHS[1] / STRENGTHS[0]),
            note="Theory: from λ = 2 on. L2 is never exactly 0: L1 selects, L2 shrinks. (The grid has steps of 26 %.)",
            figures=("regularisation-minimisers",),
        ),
        Finding(
            155,
            "Values of λ on the grid at which the L2 minimiser is exactly 0",
            exact(int((curves[2.0] == 0).sum()), len(STRENGTHS)),
            equals(0),
        ),
        Finding(
            155,
            "Largest jump of the minimiser between neighbouring λ, p = 0.5",
            exact(np.abs(np.diff(curves[0.5])).max(), len(STRENGTHS)),
            kind="context",
            note="For p < 1 the penalty is not convex: the minimiser leaps to 0 instead of sliding there.",
            figures=("regularisation-minimisers",),
        ),
        Finding(
            155,
            "(θ - 1)² + λθ³ as the source writes it, at θ = -1e6, λ = 1",
            exact(float(lesson.penalised_as_written(-1e6, 1.0, 1.0, 3))),
            kind="context",
            variant="text",
            note="S3 writes θ^p for the Lp penalty. Without the absolute value odd p > 2 has no minimum at all, and "
            "p = 1 is not the L1 penalty; |θ|^p is meant.",
        ),
    ]
    return curves


def _overfitting(config: Config, evidence: Evidence) -> dict[str, np.ndarray]:
    """Train and test error of a flexible fit by penalty; λ is chosen on other problems than it is judged on."""
    train, test = np.empty((2, 2 * config.repetitions, len(RIDGE)))
    grid = np.linspace(-1, 1, 400)
    basis = np.polynomial.legendre.legvander(grid, config.degree)
    for seed in range(2 * config.repetitions):
        rng = np.random.default_rng([155, seed])
        x = rng.uniform(-1, 1, config.points)
        y = np.sin(np.pi * x) + rng.normal(scale=0.3, size=config.points)
        coefficients = lesson.ridge_polynomial(x, y, config.degree, RIDGE)
        design = np.polynomial.legendre.legvander(x, config.degree)
        train[seed] = ((coefficients @ design.T - y) ** 2).mean(axis=1)
        test[seed] = ((coefficients @ basis.T - np.sin(np.pi * grid)) ** 2).mean(axis=1)
    chosen = int(np.median(test[: config.repetitions], axis=0).argmin())
    judged = np.log10(test[config.repetitions :])
    for end, text in ((0, f"λ = {RIDGE[0]:g} (overfitting)"), (-1, f"λ = {RIDGE[-1]:g} (underfitting)")):
        evidence.findings.append(
            Finding(
                155,
                f"log10 of the test error at {text} over that at λ = {RIDGE[chosen]:.2g}",
                mean_effect(judged[:, end] - judged[:, chosen], unit="log10"),
                above(0),
                note=f"Degree {config.degree} through {config.points} noisy points of a sine; λ chosen on "
                f"{config.repetitions} problems, judged on {config.repetitions} others.",
                figures=("regularisation-minimisers",),
            )
        )
    evidence.findings.append(
        Finding(
            155,
            "log10 of the training error at the largest over that at the smallest λ",
            mean_effect(np.log10(train[config.repetitions :, -1] / train[config.repetitions :, 0]), unit="log10"),
            kind="context",
            note="The training error only ever rises with λ, so it cannot choose λ.",
        )
    )
    return {"training error": np.median(train, axis=0), "test error": np.median(test, axis=0)}


def _elastic_net(evidence: Evidence) -> dict[str, np.ndarray]:
    """Penalty -> (strengths, features) coefficients along the path."""
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import ElasticNet

    X, y = load_diabetes(return_X_y=True, scaled=False)
    X, y = lesson.z_score(X), lesson.z_score(y)
    gaps = []
    for alpha in (0.01, 0.1, 0.5):
        for ratio in (0.1, 0.5, 0.9, 1.0):
            theirs = ElasticNet(alpha=alpha, l1_ratio=ratio, fit_intercept=False, tol=1e-12, max_iter=100_000)
            ours = lesson.elastic_net(X, y, alpha, ratio)
            gaps.append(np.abs(ours - theirs.fit(X, y).coef_).max())
    ridge = np.linalg.solve(X.T @ X / len(y) + 0.1 * np.eye(10), X.T @ y / len(y))
    twins = np.column_stack([X, X[:, 2]])  # the third feature twice
    both = lesson.elastic_net(twins, y, 0.1, 0.5)
    evidence.findings += [
        Finding(
            156,
            "Largest difference of any coefficient from scikit-learn's ElasticNet, twelve settings",
            exact(max(gaps), len(gaps)),
            between(0, 1e-8),
            oracle="sklearn.linear_model.ElasticNet, tol 1e-12",
            note="Both stop when a sweep moves nothing by more than about 1e-12.",
        ),
        Finding(
            156,
            "Largest difference from the closed form of ridge regression at ρ = 0",
            exact(np.abs(lesson.elastic_net(X, y, 0.1, 0.0) - ridge).max(), 10),
            between(0, 1e-8),
            kind="oracle",
            oracle="normal equations",
        ),
        Finding(
            156,
            "From L1: coefficients that are exactly 0 (α = 0.1, ρ = ½)",
            exact(int((both == 0).sum()), len(both), "of 11"),
            above(0),
            figures=("regularisation-paths",),
        ),
        Finding(
            156,
            "From L2: difference between the coefficients of a feature and its copy",
            exact(abs(both[2] - both[10])),
            between(0, 1e-8),
            note=f"Each gets {both[2]:.3f}. Pure L1 leaves the split between them open (Zou and Hastie 2005).",
        ),
    ]
    evidence.metrics["elastic_net_gap"] = Metric(float(max(gaps)), "lower", n=len(gaps))
    return {
        name: np.array([lesson.elastic_net(X, y, a, ratio, tolerance=1e-7) for a in ALPHAS])
        for name, ratio in (("L1", 1.0), ("elastic net, ρ = ½", 0.5), ("L2", 0.0))
    }


def _problem(seed: int, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Two features on scales 1 and ``scale``, and a target to which both matter alike."""
    rng = np.random.default_rng([157, seed])
    X = rng.normal(size=(200, 2)) * [1, scale]
    return X - X.mean(axis=0), X @ [1, 1 / scale] + rng.normal(scale=0.1, size=200)


def _descend(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Path of the distance to the least-squares solution from weights 0, at the best fixed rate; Hessian; κ."""
    hessian = 2 * X.T @ X / len(y)
    rate, condition = lesson.best_rate(hessian)
    solution = np.linalg.lstsq(X, y, rcond=None)[0]
    return lesson.descend_quadratic(hessian, -solution, rate, 1e-3, 100_000), hessian, condition


def _scaling(config: Config, evidence: Evidence) -> list[tuple[np.ndarray, np.ndarray]]:
    ratios, turns, excess = [], [], []
    for seed in range(config.repetitions):
        X, y = _problem(seed, config.scale)
        y = y - y.mean()
        raw, _, condition = _descend(X, y)
        scaled, *_ = _descend(lesson.z_score(X), y)
        ratios.append(np.log10((len(raw) - 1) / (len(scaled) - 1)))
        moves = np.diff(raw[:, 1])
        turns.append(np.mean(moves[1:] * moves[:-1] < 0))
        bound = np.log(1e-3) / np.log((condition - 1) / (condition + 1))
        excess.append((len(raw) - 1) - np.ceil(bound))
    evidence.findings += [
        Finding(
            157,
            f"log10 of the steps without scaling over those with z-scores, scales 1 and {config.scale:g}",
            mean_effect(np.array(ratios), unit="log10"),
            above(0),
            note="Linear regression, each at its own best learning rate 2 / (L + μ), to 1/1000 of the distance.",
            figures=("regularisation-scaling",),
        ),
        Finding(
            157,
            "Share of unscaled steps that undo the direction of the one before, in the steep weight",
            mean_effect(np.array(turns)),
            above(0.5),
            note="The zig-zag: the best rate overshoots in the steep direction so as to move at all in the flat one.",
            figures=("regularisation-scaling",),
        ),
        Finding(
            157,
            "Steps beyond the bound log(1/1000) / log((κ-1)/(κ+1)), largest of all problems",
            exact(max(excess), config.repetitions, "steps"),
            between(-np.inf, 1),
            kind="oracle",
            oracle="theory of gradient descent on quadratics: steps grow as the condition number κ",
        ),
        _saturated(config),
    ]
    evidence.metrics["scaling_log10"] = Metric(
        float(np.mean(ratios)), "higher", float(np.std(ratios, ddof=1)), config.repetitions
    )
    X, y = _problem(0, SHOWN)
    y = y - y.mean()
    return [_descend(X, y)[:2], _descend(lesson.z_score(X), y)[:2]]


def _saturated(config: Config) -> Finding:
    ratios = []
    for seed in range(config.repetitions):
        rng = np.random.default_rng([158, seed])
        X = rng.normal(size=(200, 10)) * 100
        w = rng.normal(scale=10**-0.5, size=10)
        slopes = [losses.sigmoid_slope(inputs @ w).mean() for inputs in (lesson.z_score(X), X)]
        ratios.append(np.log10(slopes[0] / slopes[1]))
    return Finding(
        157,
        "log10 of a sigmoid unit's mean slope with z-scored over that with raw features of scale 100",
        mean_effect(np.array(ratios), unit="log10"),
        above(0),
        note="S3's own example: where Wx + b is large the sigmoid is flat and its gradient small.",
    )


def _transforms(evidence: Evidence) -> None:
    from sklearn.preprocessing import minmax_scale

    x = np.random.default_rng(158).lognormal(0.3, 0.8, size=(500, 3))
    mean, deviation = 0.3, 0.8
    cases = (
        ("z-score", lesson.z_score(x), stats.zscore(x), "scipy.stats.zscore"),
        ("min-max", lesson.min_max(x), minmax_scale(x), "sklearn.preprocessing.minmax_scale"),
        ("logistic", lesson.logistic(x), stats.logistic.cdf(x), "scipy.stats.logistic.cdf"),
        (
            "log-normal",
            lesson.log_normal(x, mean, deviation),
            stats.lognorm.cdf(x, deviation, scale=np.exp(mean)),
            "scipy.stats.lognorm.cdf",
        ),
        ("tanh", np.tanh(x), 2 * stats.logistic.cdf(2 * x) - 1, "2σ(2x) - 1"),
    )
    rows = []
    for name, ours, theirs, oracle in cases:
        evidence.findings.append(
            Finding(
                158,
                f"Largest difference of the {name} transform from {oracle}",
                exact(np.abs(ours - theirs).max(), x.size),
                between(0, 1e-13),
                oracle=oracle,
            )
        )
        rows.append((name, *(f"{v:.3f}" for v in (ours.min(), ours.max(), ours.mean(), ours.std()))))
    integral = integrate.quad(
        lambda t: np.exp(-((np.log(t) - mean) ** 2) / (2 * deviation**2)) / t / (deviation * np.sqrt(2 * np.pi)), 0, 2.0
    )[0]
    bounded = [ours for name, ours, *_ in cases if name != "z-score"]
    evidence.findings += [
        Finding(
            158,
            "Difference of the log-normal transform from the source's integral at x = 2",
            exact(abs(integral - float(lesson.log_normal(2.0, mean, deviation)))),
            between(0, 1e-8),
            oracle="scipy.integrate.quad on the formula as S3 writes it (asked for 1.5e-8)",
        ),
        Finding(
            158,
            "Transformed values outside [0, 1], all but the z-score",
            exact(int(sum(((b < 0) | (b > 1)).sum() for b in bounded)), 4 * x.size),
            equals(0),
            note="These columns are positive; tanh of a negative number is negative.",
        ),
        Finding(
            158,
            "Share of z-scored values outside [-1, 1]",
            exact(float((np.abs(cases[0][1]) > 1).mean()), x.size),
            kind="context",
            note="S3 introduces all five as ways to X in [-1, 1]; the z-score gives mean 0, variance 1 and no bounds.",
        ),
    ]
    evidence.tables.append(
        Table(
            "Five transforms of the same skewed columns",
            ("transform", "least", "largest", "mean", "standard deviation"),
            tuple(rows),
            "Log-normal data, 500 x 3. Only the z-score centres; only the last three need no look at the data's range.",
        )
    )
