"""Claims 143-151: activations and their slopes, the cost, losses for regression and for classification."""

from __future__ import annotations

import numpy as np
from scipy import optimize, special
from threadpoolctl import threadpool_limits

from reprise.claims.evidence import Evidence, Finding, Metric, Table, above, below, between, equals
from reprise.statistics import exact, mean_effect, proportion
from reprise.studies.losses import lesson
from reprise.studies.losses.figures import draw
from reprise.studies.losses.settings import Config
from reprise.workspace import Workspace

ROUNDING = between(0, 1e-14)  # a few dozen roundings of 2.2e-16


@threadpool_limits.wrap(limits=1, user_api="blas")  # small matrices: threads only wait for each other
def evaluate(workspace: Workspace) -> Evidence:
    """Measures and draws; torch is not needed."""
    config: Config = workspace.config
    evidence = Evidence(
        data=f"generated: {config.repetitions} random problems each for the zig-zag and the line fits "
        f"({config.points} points, {config.outliers:.0%} outliers), {config.units} dead units",
    )
    _curves(evidence)
    paths = _zigzag(config, evidence)
    _saturation(evidence)
    revival = _dying(config, evidence)
    _cost(evidence)
    lines = _lines(config, evidence)
    _entropy(evidence)
    _hinge(evidence)
    evidence.figures += draw(workspace.evidence / "figures", paths, revival, lines, FITS)
    return evidence


def _curves(evidence: Evidence) -> None:
    """Every activation and its slope against sympy's derivative of its formula."""
    import sympy

    worst_curve, worst_slope = 0.0, 0.0
    x = sympy.Symbol("x")
    grid = lesson.GRID[lesson.GRID != 0]  # at 0 the slope of a kink is a choice
    for activation in lesson.ACTIVATIONS:
        formula = sympy.sympify(activation.formula, locals={"x": x})
        truth = np.array([float(formula.subs(x, v).evalf(30)) for v in grid[::20]])
        slope = np.array([float(formula.diff(x).subs(x, v).evalf(30)) for v in grid[::20]])
        worst_curve = max(worst_curve, np.abs(activation.curve(grid[::20]) - truth).max())
        worst_slope = max(worst_slope, np.abs(activation.slope(grid[::20]) - slope).max())
    for what, worst in (("curve", worst_curve), ("slope", worst_slope)):
        evidence.findings.append(
            Finding(
                145,
                f"Largest error of any of the six activations' {what}s",
                exact(worst, 6 * len(grid[::20])),
                ROUNDING,
                kind="oracle",
                oracle="the formula and its derivative by sympy, 30 digits",
                figures=("losses-activations",),
            )
        )
    near = 1e-9
    evidence.findings += [
        Finding(
            143,
            "σ(0), the middle of the sigmoid's range",
            exact(float(lesson.sigmoid(0.0))),
            equals(0.5),
            published="0.5, not zero-centred (S3)",
            figures=("losses-activations",),
        ),
        Finding(
            143,
            "Relative error of 2 / (1 + e^-2x) - 1 for tanh x, typed in as written, at x = 1e-9",
            exact(abs(float(lesson.tanh_as_written(near)) / np.tanh(near) - 1)),
            kind="context",
            variant="text",
            note="True on paper; near 0 it cancels and keeps half its digits. Use a library's tanh.",
        ),
        Finding(
            145,
            "Error of the source's PReLU, max(αx, x), at x = -1 for α = 2",
            exact(abs(float(lesson.prelu_as_written(-1.0, 2.0)) - float(lesson.leaky_relu(-1.0, 2.0)))),
            kind="context",
            variant="text",
            note="max(αx, x) is PReLU only while α ≤ 1, and α is learned. The definition is x for x > 0, else αx.",
        ),
    ]


LEARNING_RATES = (0.1, 0.2, 0.4, 0.8, 1.2, 1.6, 2.4, 3.2, 4.8, 6.4)


def _paths(seed: int, centred: bool, rate: float) -> np.ndarray:
    """One run of example-by-example descent to weights (1, -1), inputs σ(u) or the same inputs minus ½."""
    rng = np.random.default_rng([143, seed])
    inputs = lesson.sigmoid(rng.normal(scale=2, size=(2000, 2))) - (0.5 if centred else 0)
    goal = np.array([1.0, -1.0])
    return lesson.descend_by_example(inputs, inputs @ goal, np.zeros(2), rate, 0.05, goal)


def _zigzag(config: Config, evidence: Evidence) -> dict[str, np.ndarray]:
    """Same-sign gradients, and what they cost, each kind of input at its own best learning rate."""
    rng = np.random.default_rng(143)
    positive = lesson.sigmoid(rng.normal(size=(2000, 10)))
    error = rng.normal(size=(2000, 1))
    for name, inputs, expect in (("σ(u)", positive, equals(1)), ("tanh u", 2 * positive - 1, below(0.01))):
        same = np.abs(np.sign(error * inputs).sum(axis=1)) == 10
        evidence.findings.append(
            Finding(
                143,
                f"Share of single-example gradients whose ten entries have one sign, inputs {name}",
                exact(1.0, 2000) if same.all() else proportion(int(same.sum()), len(same)),
                expect,
                note="With positive inputs it is an identity, not a frequency."
                if same.all()
                else "Chance alone gives 2 · 2^-10 = 0.2 %.",
            )
        )
    batch = (error * positive).reshape(-1, 20, 10).mean(axis=1)
    same = np.abs(np.sign(batch).sum(axis=1)) == 10
    evidence.findings.append(
        Finding(
            143,
            "The same share for gradients averaged over 20 examples, inputs σ(u)",
            proportion(int(same.sum()), len(same)),
            kind="context",
            note="The argument is about one example at a time: a batch mixes errors of both signs.",
        )
    )
    steps, best = {}, {}
    for centred in (False, True):
        trials = {
            rate: [len(_paths(seed, centred, rate)) - 1 for seed in range(20)] for rate in LEARNING_RATES
        }  # chosen on seeds of their own
        best[centred] = min(trials, key=lambda rate: np.mean(trials[rate]))
        runs = [_paths(seed, centred, best[centred]) for seed in range(100, 100 + config.repetitions)]
        steps[centred] = np.array([len(run) - 1 for run in runs])
    ratio = np.log2(steps[False] / steps[True])
    evidence.findings.append(
        Finding(
            143,
            "log2 of the steps that positive inputs need over the steps that the same inputs minus ½ need",
            mean_effect(ratio, unit="doublings"),
            above(0),
            note="A linear unit, one example a step, weights to be found (1, -1), each kind of input at the best of "
            f"ten learning rates (found on other seeds: {best[False]:g} and {best[True]:g}).",
            figures=("losses-zigzag",),
        )
    )
    evidence.metrics["zigzag_doublings"] = Metric(
        float(ratio.mean()), "higher", float(ratio.std(ddof=1)), config.repetitions
    )
    detours = [
        [lesson.detour(_paths(seed, centred, 0.8)) for centred in (False, True)] for seed in range(config.repetitions)
    ]
    longer = -np.diff(detours, axis=1)[:, 0]
    evidence.findings.append(
        Finding(
            143,
            "Path length over the straight line, positive minus centred inputs, learning rate 0.8",
            mean_effect(longer),
            above(0),
            note="The zig-zag itself, at one learning rate for both.",
            figures=("losses-zigzag",),
        )
    )
    return {"inputs σ(u)": _paths(100, False, 0.8), "inputs σ(u) − ½": _paths(100, True, 0.8)}


def _saturation(evidence: Evidence) -> None:
    for name, slope, bound in (("sigmoid", lesson.sigmoid_slope, 1e-4), ("tanh", lesson.tanh_slope, 1e-7)):
        values = slope(np.arange(0.0, 40.0))
        evidence.findings += [
            Finding(
                144,
                f"Slope of the {name} at x = 10",
                exact(float(slope(10.0))),
                below(bound),
                note=f"Arithmetic: about {'e^-10' if name == 'sigmoid' else '4 e^-20'}.",
                figures=("losses-saturation",),
            ),
            Finding(
                144,
                f"Rises of the {name}'s slope between x = 0, 1, ..., 39",
                exact(int((np.diff(values) >= 0).sum()), len(values) - 1),
                equals(0),
            ),
        ]
    wrong = -10.0  # the logit of a confident mistake: the truth is 1
    squared = 2 * (lesson.sigmoid(wrong) - 1) * lesson.sigmoid_slope(wrong)
    evidence.findings.append(
        Finding(
            144,
            "Gradient of the cross-entropy over that of the squared loss at a confident mistake (logit -10, truth 1)",
            exact(float((lesson.sigmoid(wrong) - 1) / squared), unit="times"),
            kind="context",
            note="A saturated output hardly learns by squared loss. Cross-entropy divides the small slope away: its "
            "gradient by the logit is ŷ - y.",
        )
    )


def _dying(config: Config, evidence: Evidence) -> dict[str, np.ndarray]:
    """Units that are negative for every example, trained as ReLU, leaky ReLU, and half dead."""
    rng = np.random.default_rng(145)
    inputs = np.column_stack([rng.normal(size=(64, 4)), np.ones(64)])
    goals = np.column_stack([rng.normal(size=(config.units, 4)), np.ones(config.units)])
    targets = lesson.relu(inputs @ goals.T)
    dead = np.column_stack([0.2 * rng.normal(size=(config.units, 4)), np.full(config.units, -2.0)])
    half = dead + np.array([0, 0, 0, 0, 2.0])
    if (inputs @ dead.T).max() >= 0:
        dead[:, 4] -= (inputs @ dead.T).max() + 0.1
    losses = {}
    ends = {}
    for name, start, slope in (("ReLU", dead, 0.0), ("leaky ReLU", dead, 0.01), ("ReLU, half dead", half, 0.0)):
        ends[name], losses[name] = lesson.train_units(inputs, targets, start, slope, 0.1, config.steps)
    recovered = int((losses["leaky ReLU"][-1] < 0.1 * losses["leaky ReLU"][0]).sum())
    moved = np.abs(ends["ReLU, half dead"] - half).max(axis=1)
    evidence.findings += [
        Finding(
            145,
            f"Largest change of any weight of {config.units} dead ReLU units in {config.steps} steps",
            exact(np.abs(ends["ReLU"] - dead).max(), config.units),
            equals(0),
            note="Dead: negative for every example. Not one bit moves.",
            figures=("losses-saturation",),
        ),
        Finding(
            145,
            f"Share of the same units, made leaky, that lose nine tenths of their loss in {config.steps} steps",
            proportion(recovered, config.units),
            above(0.9),
            figures=("losses-saturation",),
        ),
        Finding(
            145,
            "Smallest change of a ReLU unit that is negative for some examples only",
            exact(moved.min(), config.units),
            kind="context",
            note="'When z becomes negative the weights stop being updated' (S3) holds for that example. A unit stops "
            "only when z is negative for all of them.",
        ),
    ]
    evidence.metrics["leaky_recovery"] = Metric(recovered / config.units, "higher", n=config.units)
    return losses


def _cost(evidence: Evidence) -> None:
    """argmin of J for a constant prediction: mean, median, base rate."""
    rng = np.random.default_rng(146)
    y = rng.exponential(size=101)
    labels = (rng.random(101) < 0.3).astype(float)
    base = labels.mean()
    cases = (
        ("squared loss: the mean", lesson.squared, y, float(y.mean()), (0, 5)),
        ("L1 loss: the median", lesson.absolute, y, float(np.median(y)), (0, 5)),
        ("cross-entropy: the base rate's logit", lesson.binary_cross_entropy, labels, special.logit(base), (-5, 5)),
    )
    for name, loss, truth, closed, bounds in cases:
        found = optimize.minimize_scalar(
            lambda c, loss=loss, truth=truth: lesson.cost(loss, truth, np.full_like(truth, c)),
            bounds=bounds,
            method="bounded",
            options={"xatol": 1e-10},
        ).x
        evidence.findings.append(
            Finding(
                146,
                f"Distance of argmin J for a constant prediction from theory, {name}",
                exact(abs(found - closed), len(truth)),
                between(0, 1e-6),
                oracle="closed form; a bracketing search finds a smooth minimum to about √ε = 1.5e-8",
            )
        )


def _line(seed: int, config: Config, outliers: bool, leverage: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Points of y = 2x + 1 with noise 0.3; outliers lie 10 to 20 high where x is large (or far out in x)."""
    rng = np.random.default_rng([147, seed])
    x = rng.uniform(-2, 2, config.points)
    y = 2 * x + 1 + rng.normal(scale=0.3, size=config.points)
    if outliers:
        chosen = np.argsort(x)[-round(config.outliers * config.points) :]
        y[chosen] += rng.uniform(10, 20, len(chosen))
        if leverage:
            x[chosen], y[chosen] = rng.uniform(30, 40, len(chosen)), -rng.uniform(10, 20, len(chosen))
    return x, y


FITS = {
    "L2": lesson.least_squares_line,
    "L1": lesson.robust_line,
    "ε-hinge": lambda x, y: lesson.robust_line(x, y, lesson.MARGIN),
}


def _lines(config: Config, evidence: Evidence) -> tuple[np.ndarray, np.ndarray]:
    errors = {}
    for case, options in (("clean", (False,)), ("outliers", (True,)), ("leverage", (True, True))):
        data = [_line(seed, config, *options) for seed in range(config.repetitions)]
        for name, fit in FITS.items():
            errors[name, case] = np.array([abs(fit(x, y)[0] - 2) for x, y in data])
    for name in ("L1", "ε-hinge"):
        evidence.findings.append(
            Finding(
                147,
                f"Error of the slope, L2 minus {name}, with {config.outliers:.0%} outliers",
                mean_effect(errors["L2", "outliers"] - errors[name, "outliers"]),
                above(0),
                note=f"Slope 2; ε = {lesson.MARGIN}; outliers 10 to 20 too high at one end, noise 0.3.",
                figures=("losses-regression",),
            )
        )
        growth = np.mean(errors[name, "outliers"]) / np.mean(errors["L2", "outliers"])
        evidence.metrics[f"outlier_error_{'l1' if name == 'L1' else 'hinge'}"] = Metric(
            float(growth), "lower", n=config.repetitions
        )
    evidence.findings += [
        Finding(
            147,
            "Error of the slope, L1 minus L2, without outliers",
            mean_effect(errors["L1", "clean"] - errors["L2", "clean"]),
            kind="context",
            note="Robustness has a price: for Gaussian noise squared loss is the efficient one.",
        ),
        Finding(
            147,
            "Error of the slope, L1, with outliers far out in x",
            mean_effect(errors["L1", "leverage"]),
            kind="context",
            note="L1 resists wild y, not wild x: leverage points drag it away as they drag L2.",
        ),
        _parity(config),
    ]
    evidence.tables.append(
        Table(
            "Error of the fitted slope (2)",
            ("loss", "clean", "outliers in y", "outliers in x"),
            tuple(
                (name, *(f"{errors[name, case].mean():.3f}" for case in ("clean", "outliers", "leverage")))
                for name in FITS
            ),
            f"Mean over {config.repetitions} data sets of {config.points} points, {config.outliers:.0%} outliers.",
        )
    )
    return _line(0, config, True)


def _parity(config: Config) -> Finding:
    """Our exact fit against linear programming, by the cost reached."""
    gaps = []
    for seed in range(10):
        x, y = _line(seed, config, True)
        for margin in (0.0, lesson.MARGIN):
            slope, intercept = lesson.robust_line(x, y, margin)
            ours = lesson.epsilon_hinge(y, slope * x + intercept, margin).sum()
            n = len(x)
            design = np.column_stack([x, np.ones(n)])
            solved = optimize.linprog(
                np.r_[0, 0, np.ones(n)],
                A_ub=np.block([[design, -np.eye(n)], [-design, -np.eye(n)]]),
                b_ub=np.r_[y + margin, margin - y],
                bounds=[(None, None)] * 2 + [(0, None)] * n,
            )
            gaps.append(abs(ours - solved.fun) / solved.fun)
    return Finding(
        147,
        "Largest relative difference in cost between our exact fit and a linear program's",
        exact(max(gaps), len(gaps)),
        between(0, 1e-8),
        kind="oracle",
        oracle="scipy.optimize.linprog (HiGHS, feasible to 1e-7)",
    )


def _entropy(evidence: Evidence) -> None:
    from sklearn.metrics import log_loss

    rng = np.random.default_rng(148)
    z = rng.normal(scale=3, size=(500, 5))
    labels = (rng.random((500, 5)) < 0.4).astype(float)
    label = rng.integers(0, 5, 500)
    one_hot = np.eye(5)[label]
    p = special.expit(z)
    written = lesson.binary_cross_entropy_as_written(labels, p).mean()
    by_sklearn = np.array([log_loss(labels[:, j], p[:, j], labels=[0, 1]) for j in range(5)])
    by_scipy = -(labels * special.log_expit(z) + (1 - labels) * special.log_expit(-z))
    soft = special.softmax(z, axis=1)
    cases = (
        (148, "binary cross-entropy, S3's formula, against scikit-learn", written, by_sklearn.mean()),
        (
            148,
            "binary cross-entropy from logits, against scipy's log_expit",
            lesson.binary_cross_entropy(labels, z).mean(),
            by_scipy.mean(),
        ),
        (
            149,
            "softmax cross-entropy, against scikit-learn",
            lesson.cross_entropy(one_hot, z).mean(),
            log_loss(label, soft, labels=range(5)),
        ),
        (
            151,
            "multi-label loss, against scikit-learn label by label",
            lesson.multilabel(labels, z).mean(),
            by_sklearn.sum(),
        ),
    )
    for claim, text, ours, theirs in cases:
        evidence.findings.append(
            Finding(
                claim,
                f"Relative difference of {text}",
                exact(abs(ours / theirs - 1), 500),
                between(0, 1e-13),
                oracle="scikit-learn's log_loss" if "scikit" in text else "scipy.special",
                note="Sums of 500 to 2500 terms in another order.",
            )
        )
    confident = np.array([-40.0, 40.0])
    broken = ~np.isfinite(lesson.binary_cross_entropy_as_written([0.0, 1.0], special.expit(confident)))
    evidence.findings.append(
        Finding(
            148,
            "Confident right answers (logits ±40) at which the formula as written gives no finite number",
            exact(int(broken.sum()), 2, "of 2"),
            kind="context",
            variant="text",
            note="At logit 40 the probability rounds to 1 and the formula multiplies 0 by log 0; at -40 it survives "
            "because small probabilities keep their digits. From logits the loss is log(1 + e^z) - yz, finite always.",
        )
    )


def _hinge(evidence: Evidence) -> None:
    scores = np.array([2.0, -5.0, 3.0])
    rng = np.random.default_rng(150)
    many, label = rng.normal(size=(200, 4)), rng.integers(0, 4, 200)
    by_hand = [sum(max(0.0, s[c] - s[k] + 1) for c in range(4) if c != k) for s, k in zip(many, label, strict=True)]
    evidence.findings += [
        Finding(
            150,
            "Multiclass hinge loss of scores (2, -5, 3), right class first, margin 1",
            exact(float(lesson.multiclass_hinge(0, scores)[0])),
            equals(2),
            published="2 (S3)",
            oracle="by hand: max(0, -5 - 2 + 1) + max(0, 3 - 2 + 1) = 0 + 2",
        ),
        Finding(
            150,
            "Largest difference from the definition written as a double loop",
            exact(np.abs(lesson.multiclass_hinge(label, many) - by_hand).max(), 200),
            ROUNDING,
            kind="oracle",
            oracle="plain Python",
        ),
        Finding(
            150,
            "The same example with only the worst wrong class counted (Crammer and Singer, scikit-learn's hinge_loss)",
            exact(float(max(0.0, np.delete(scores, 0).max() - scores[0] + 1))),
            kind="context",
            note="The two definitions agree here only because one wrong class violates the margin.",
        ),
    ]
