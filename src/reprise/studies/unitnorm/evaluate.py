"""Weights of length one: what claims 72-78 say, measured. See ``reprise.studies.unitnorm`` for what was trained."""

from __future__ import annotations

import numpy as np

from reprise.claims.evidence import Evidence, Expect, Finding, above, below, between, equals
from reprise.comparing import figures as charts
from reprise.comparing.findings import NONE, compare
from reprise.comparing.tables import accuracies, costs, image_words, score_table
from reprise.runs import Run, check_same_test, load_runs, longest, used_settings
from reprise.statistics import exact, seeds_effect
from reprise.studies.unitnorm import figures as draw
from reprise.workspace import Workspace

EPSILON = 1e-8  # the source's
ROUNDING = 1e-9  # sums of some hundred float64 numbers around 1
PUBLISHED = {"conv": 0.8533, "dense": 0.8428, "baseline": 0.8204, "both": 0.8082}


def evaluate(workspace: Workspace) -> Evidence:
    """Measures every variant and answers claims 72-78."""
    runs = load_runs(workspace)
    check_same_test(runs)
    evidence = Evidence(
        data=image_words(workspace.source, workspace.params.dataset("cifar").official, runs["baseline"]),
        settings=used_settings(runs),
    )
    evidence.findings += _exact_findings()
    evidence.findings += _four_ways(runs)
    evidence.findings += _other_ways(runs)
    evidence.metrics |= accuracies(runs, ("baseline", "conv", "dense", "both"))
    evidence.tables.append(score_table(runs))
    evidence.cost = costs(runs)
    folder = workspace.evidence / "figures"
    everything = list(runs.values())
    evidence.figures += [
        draw.cosine(folder),
        charts.curves(folder, everything),
        charts.accuracy_dots(folder, everything, "baseline"),
        draw.similarity(folder, [runs[name] for name in ("baseline", "conv", "spherical", "diverse") if name in runs]),
    ]
    return evidence


def unit_norm(weights: np.ndarray) -> np.ndarray:
    """(units, n): each row divided by its length + 1e-8, as in the source."""
    return weights / (np.linalg.norm(weights, axis=1, keepdims=True) + EPSILON)


def unit_norm_gradient(weights: np.ndarray, upstream: np.ndarray) -> np.ndarray:
    """Gradient of a loss with respect to W through W / |W|, in closed form.

    With u = w / |w| and g the gradient with respect to u it is (g - (g . u) u) / |w|: what is left of g on the sphere.

    Args:
        weights: (units, n).
        upstream: (units, n) gradient with respect to the normalised weights.
    """
    length = np.linalg.norm(weights, axis=1, keepdims=True)
    unit = weights / length
    return (upstream - (upstream * unit).sum(axis=1, keepdims=True) * unit) / length


def _exact_findings() -> list[Finding]:
    """Claims 72, 73 and 75: arithmetic alone."""
    rng = np.random.default_rng(0)
    layers = [rng.standard_normal((12, 12)) / np.sqrt(12) for _ in range(5)]
    inputs = rng.standard_normal((12, 200))
    stack = inputs
    for layer in layers:
        stack = layer @ stack
    condensed = np.linalg.multi_dot(layers[::-1]) @ inputs
    rectified = inputs
    for layer in layers:
        rectified = np.maximum(layer @ rectified, 0)

    weight = rng.standard_normal(16)
    others = rng.standard_normal((2000, 16))
    others *= np.linalg.norm(weight) / np.linalg.norm(others, axis=1, keepdims=True)
    responses = others @ weight
    cosines = responses / weight.dot(weight)
    angles = np.degrees(np.arccos(np.clip(cosines, -1, 1)))
    order = np.argsort(angles)

    weights, upstream = rng.standard_normal((2, 64, 27))
    scaled = [np.abs(unit_norm(weights * factor) - unit_norm(weights)).max() for factor in (1e-3, 0.1, 10, 1e3)]
    gradient = unit_norm_gradient(weights, upstream)
    radial = np.abs((gradient * weights).sum(axis=1)).max()
    step = 1e-6
    direction = rng.standard_normal(weights.shape)
    numeric = ((unit_norm(weights + step * direction) - unit_norm(weights - step * direction)) * upstream).sum() / (
        2 * step
    )
    return [
        Finding(
            72,
            "Five linear layers and the one layer that is their product: largest difference of outputs",
            exact(np.abs(stack - condensed).max(), inputs.size),
            equals(0, ROUNDING),
            note=f"with a ReLU after each layer: {np.abs(rectified - condensed).max():.2f}",
        ),
        Finding(
            73,
            "Response to inputs as long as the weights: the aligned one minus the largest of 2,000 others",
            exact(weight @ weight - responses.max(), len(others)),
            above(0),
            figures=("cosine",),
        ),
        Finding(
            73,
            "Inputs in order of their angle to the weights: largest rise of the response from one to the next",
            exact(np.diff(responses[order]).max(), len(others)),
            Expect(high=ROUNDING, closed=True),
            figures=("cosine",),
        ),
        Finding(
            75,
            "Normalised weights times 0.001 to 1,000: largest change",
            exact(max(scaled), 4 * weights.size),
            equals(0, 1e-5),
            note="the source's ε of 1e-8 beside lengths of 0.005 leaves 2e-6 of them",
        ),
        Finding(75, "Largest |gradient · weight| of 64 filters", exact(radial, 64), equals(0, ROUNDING)),
        Finding(
            75,
            "The closed-form gradient along a random direction, minus finite differences",
            exact(numeric - (gradient * direction).sum(), 1),
            equals(0, 1e-5),
            kind="oracle",
            oracle="central differences of the source's formula",
        ),
    ]


def _four_ways(runs: dict[str, Run]) -> list[Finding]:
    """Claim 74: which layers are normalised."""
    baseline = runs["baseline"]
    figures = ("curves", "accuracies")
    findings = []
    for name in ("conv", "dense", "both"):
        published = f"{PUBLISHED[name] - PUBLISHED['baseline']:+.4f} (S2, one seed, chosen on test images)"
        expect = below(NONE) if name == "both" else above(0)
        note = "“the benefits are lost”: no gain beyond a point" if name == "both" else ""
        findings.append(
            compare(
                74, runs[name], baseline, expect, published=published, note=note, defect=9, figures=figures, together=3
            )
        )
    epochs = longest(list(runs.values()))
    for name in ("conv", "dense", "both"):
        gain = seeds_effect(runs[name].speed(epochs) - baseline.speed(epochs), "accuracy")
        words = f"Mean validation accuracy over {epochs} epochs (speed of convergence), `{name}` minus `baseline`"
        findings.append(Finding(74, words, gain, kind="context", figures=("curves",)))
    return findings


def _other_ways(runs: dict[str, Run]) -> list[Finding]:
    """Claims 76-78."""
    baseline, findings = runs["baseline"], []
    for name in ("norm_penalty", "spherical"):
        findings += [
            compare(
                76,
                runs[name],
                baseline,
                above(0),
                note="an option for what is claimed to help",
                figures=("accuracies",),
            ),
            compare(76, runs[name], runs["conv"]),
        ]
    pairs = (("baseline_elu", "baseline"), ("conv_elu", "conv"))
    for name, other in pairs:
        note = "“no significant improvement”: a point at most"
        findings.append(compare(77, runs[name], runs[other], below(NONE), note=note, figures=("accuracies",)))
    diverse = runs["diverse"]
    gap = diverse.last("filter_similarity") - baseline.last("filter_similarity")
    findings += [
        compare(
            78, diverse, baseline, between(-NONE, np.inf),
            note="announced, not claimed: judged as costing a point at most", figures=("accuracies",),
        ),
        Finding(
            78,
            "Mean squared cosine between filters at the end, `diverse` minus `baseline`",
            seeds_effect(gap, "squared cosine"),
            kind="context",
            note="does the constraint constrain?",
            figures=("similarity",),
        ),
    ]  # fmt: skip
    return findings
