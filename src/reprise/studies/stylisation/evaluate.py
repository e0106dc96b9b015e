"""Style transfer: what claim 24 says, measured."""

from __future__ import annotations

import numpy as np

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Finding, Table, below, equals
from reprise.comparing.findings import unlearned
from reprise.comparing.tables import accuracies, costs, image_words
from reprise.runs import Probed, load_runs, used_settings
from reprise.statistics import NOT_NEGATIVE, SHARE, seeds_effect
from reprise.studies.stylisation import figures as draw
from reprise.studies.stylisation.oracles import oracle
from reprise.studies.stylisation.settings import EVEN, PAIRS, WEIGHTS
from reprise.workspace import Workspace

NETWORK = "network"
LINEAR = 0.4  # test accuracy that a linear map of the pixels reaches on CIFAR-10, about


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures what was painted; claim 24 names style transfer and says nothing of it, so there is no verdict."""
    runs = load_runs(workspace)
    run, probed = runs[NETWORK], Probed.of(workspace, NETWORK)
    names = ("content", "style", "unit", "source")
    losses = dict(zip(names, (each.astype(np.float64) for each in probed.arrays(*names)), strict=True))
    size, words = probed.record["settings"]["size"], image_words(workspace.source, "cifar10", run)
    pictures = f"{len(PAIRS)} pairs of a photograph (scikit-image's) and a generated painting, {size} x {size}"
    evidence = Evidence(
        data=f"{pictures}; networks on {words}", settings=used_settings(runs) | {"probe": probed.record["settings"]}
    )
    evidence.findings += [oracle(), *style_findings(losses, unlearned(run, least=LINEAR))]
    evidence.metrics |= accuracies(runs, (NETWORK,))
    evidence.tables.append(weight_table(losses))
    evidence.cost = costs(runs)
    folder = workspace.evidence / "figures"
    (painted, shown) = probed.arrays("painted", "pictures")
    evidence.figures += [draw.paintings(folder, shown[0], painted[0]), draw.trade(folder, relative(losses))]
    return evidence


def relative(losses: dict[str, np.ndarray], place: int = 1) -> np.ndarray:
    """(seeds, pairs, weights, 2): content and style loss at the end, or of the noise (``place`` 0), each in its unit.

    A content of 1 is as far from the photograph as the painting is, a style of 1 as far from the painting as the
    photograph.
    """
    ends = np.stack([losses["content"][..., place], losses["style"][..., place]], axis=-1)
    return ends / losses["unit"][:, :, None]


def style_findings(losses: dict[str, np.ndarray], why: str) -> list[Finding]:
    """All of claim 24."""
    ends, noise = relative(losses), relative(losses, 0)
    figures = ("paintings", "trade")
    pairs, begun = (each[:, :, EVEN].max(axis=2) for each in (ends, noise))
    note = ", ".join(
        f"{a} as {b}: {v:.2f} from {n:.2f}" for (a, b), v, n in zip(PAIRS, pairs.mean(0), begun.mean(0), strict=True)
    )
    worst = (pairs - begun).max(axis=1)
    words = "Larger of content and style loss at even weights, minus that of the noise, in the worst of the pairs"
    found = [
        Finding(
            24, words, seeds_effect(worst, "units"), below(0), "secondary", undecided=why, note=note, figures=figures
        )
    ]
    steps = np.diff(ends, axis=2)
    right = ((steps[..., 0] > 0) & (steps[..., 1] < 0)).mean(axis=(1, 2))
    words = (
        "Share of steps to the next larger of five style weights at which the style loss falls and the content's rises"
    )
    more = {"undecided": why, "figures": figures}
    found.append(Finding(24, words, seeds_effect(right, "share", SHARE), equals(1), "secondary", **more))
    weights = np.array(WEIGHTS)
    before, after = (
        losses["content"][..., i] / losses["unit"][:, :, :1]
        + weights * losses["style"][..., i] / losses["unit"][:, :, 1:]
        for i in (0, 1)
    )
    fell = (after < before).mean(axis=(1, 2))
    words = "Share of pictures whose weighted loss ends below that of the noise"
    found.append(Finding(24, words, seeds_effect(fell, "share", SHARE), equals(1), "secondary", **more))
    own = losses["source"] / losses["unit"]
    for place, words in enumerate(("content", "style")):
        said = f"{words.capitalize()} loss with the source's own weights (0.01 and 100), in its unit, mean over pairs"
        note = "weights of sums depend on the network and the size: the source's were for VGG-16 at 512 x 512"
        found.append(
            Finding(
                24, said, seeds_effect(own[..., place].mean(axis=1), "ratio", NOT_NEGATIVE), variant="code", note=note
            )
        )
    return found


def weight_table(losses: dict[str, np.ndarray]) -> Table:
    """A row a weight: both losses, mean over pairs and networks."""
    means = relative(losses).mean(axis=(0, 1))
    rows = tuple((f"{w:g}", f"{c:.3f}", f"{s:.4f}") for w, (c, s) in zip(WEIGHTS, means, strict=True))
    caption = "1: as far from the photograph as the painting is; as far from the painting as the photograph is."
    return Table("What the weight of the style does", ("style weight", "content loss", "style loss"), rows, caption)
