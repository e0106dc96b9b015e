"""Adversarial examples and stickers: what claims 102 and 103 say, measured on trained networks."""

from __future__ import annotations

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric
from reprise.comparing.tables import accuracies, costs, image_words, score_table
from reprise.runs import load_runs, used_settings
from reprise.studies.adversarial import figures as draw
from reprise.studies.adversarial.answers import load_answers
from reprise.studies.adversarial.changes import JUDGED, change_findings, change_table
from reprise.studies.adversarial.settings import JUDGED_SIZE
from reprise.studies.adversarial.stickers import sticker_findings, sticker_table
from reprise.workspace import Workspace


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures every variant and answers claims 102 and 103."""
    runs = load_runs(workspace)
    every = load_answers(workspace, runs)
    judged = every[JUDGED]
    digits = runs["softmax"].record["examples"]
    words = image_words(workspace.source, workspace.params.dataset("cifar").official, runs[JUDGED])
    evidence = Evidence(
        data=f"{words}; {digits['train']:,} training and {digits['test']:,} test digits of 28 x 28; "
        f"{len(judged.label):,} test images of each changed",
        settings=used_settings(runs) | {"probe": judged.asked},
    )
    evidence.findings += change_findings(every)
    evidence.findings += sticker_findings(declared[103], every)
    evidence.tables += [change_table(every), sticker_table(every), score_table(runs)]
    evidence.metrics |= accuracies(runs, tuple(runs))
    evidence.metrics["error_after_ten_steps.minivgg"] = Metric.over_seeds(
        judged.error("iterated")[:, judged.sizes.index(JUDGED_SIZE)], "higher"
    )
    evidence.cost = costs(runs)
    folder = workspace.evidence / "figures"
    evidence.figures += [
        draw.changes(folder, every),
        draw.changed_images(folder, every),
        draw.stickers(folder, every),
        draw.sticker_images(folder, every),
    ]
    return evidence
