"""What a network takes for a digit: what claims 4-12 say, measured.

``recipe`` reads what the trained networks were asked, ``variability`` the images themselves, and ``readers`` says what
a person would recognise.
"""

from __future__ import annotations

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Finding, Metric, equals, joined, primary
from reprise.comparing.findings import LEARNED, collapsed, unlearned
from reprise.comparing.tables import accuracies, costs, score_table
from reprise.data import digits
from reprise.runs import Run, load_runs, used_settings
from reprise.statistics import SHARE, exact, paired_effect
from reprise.studies.maximisation import figures as draw
from reprise.studies.maximisation.asked import RANDOM, Asked, nines
from reprise.studies.maximisation.control import controls
from reprise.studies.maximisation.published import ACCURACY
from reprise.studies.maximisation.readers import Readers
from reprise.studies.maximisation.recipe import EPOCHS, ONE, TWO, recipe_findings
from reprise.studies.maximisation.settings import PARAMETERS
from reprise.studies.maximisation.variability import variability_finding
from reprise.workspace import Workspace

NETWORK = "network"
LISTED = 3 * 3 * 32 + 32 + 3 * 3 * 32 * 64 + 64 + 9216 * 10 + 10  # parameters of the layers that the text lists


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures the trained networks and answers claims 4-12."""
    runs = load_runs(workspace)
    run, asked = runs[NETWORK], Asked.of(workspace, NETWORK)
    images, config = digits.load(workspace.prepared("digits")), workspace.config
    readers = Readers(images, config.neighbours)
    read = {"results": readers.read(asked.images), "regularised": readers.read(asked.regularised)}
    control = controls(readers, images, asked.starts[0, RANDOM], (ONE, TWO))  # the same starts for all networks
    variety, values, ends = variability_finding(declared[9], images, config.bootstrap)
    parts = run.record["examples"]
    official = workspace.params.dataset("digits").official
    kind = "generated" if workspace.source == "generated" else f"real ({official})"
    evidence = Evidence(
        data=f"{kind}: {parts['train']:,} training, {parts['validation']:,} validation, {parts['test']:,} test images "
        f"of 28 x 28; {asked.images.shape[2]} starts of each class",
        settings=used_settings(runs) | {"probe": asked.settings},
    )
    nearest, linear = readers.accuracy(images)
    why = unlearned(run, least=max(linear, LEARNED))
    evidence.findings += [*accuracy_findings(declared, run, why), variety]
    evidence.findings += recipe_findings(declared, run, asked, read, control, why)
    evidence.metrics |= accuracies(runs, (NETWORK,))
    evidence.metrics["nines.random"] = Metric.over_seeds(nines(asked.logits)[:, :, RANDOM].mean(axis=(1, 2)), "equal")
    evidence.tables += [score_table(runs)]
    evidence.cost = costs(runs) | {"readers": {"nearest": nearest, "linear": linear, "training": readers.count}}
    folder = workspace.evidence / "figures"
    evidence.figures += [
        draw.results(folder, asked),
        draw.regularised(folder, asked),
        draw.where(folder, asked),
        draw.confidence(folder, asked),
        draw.iterations(folder, asked),
        draw.variability(folder, values, ends),
    ]
    return evidence


def accuracy_findings(declared: Declarations, run: Run, why: str) -> list[Finding]:
    """Claim 4, with the size of the network as the text lists it beside it; ``why`` it has not learned, if so."""
    effect = paired_effect(run.correct, unit="accuracy", possible=SHARE, level=declared[4].level(run.seeds))
    small, whole = run.record["parameters"], PARAMETERS[NETWORK]
    narrow = f"{small:,} parameters, the source's network has {whole:,}" if small != whole else ""
    epochs = max(run.record["epochs"])
    early = effect.value < ACCURACY and epochs < EPOCHS
    short = f"not reached in {epochs} epochs, where {EPOCHS} are usual" if early else ""
    why = joined(why, collapsed(run), narrow, short)
    published = f"{ACCURACY:g} (S1, one network, a test set of its own)"
    found = [primary(declared[4], effect, undecided=why, published=published)]
    words = "Parameters of the layers that the text lists, relative to those of the network that its code builds"
    ratio = exact(LISTED / whole, unit="ratio")
    note = f"{LISTED:,} against {whole:,}: without the hidden layer of 128 units"
    slip = Finding(4, words, ratio, equals(1), "slip", variant="text", defect=2, note=note)
    return [*found, slip]
