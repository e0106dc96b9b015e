"""Codes of images: what claims 45-48 say, measured."""

from __future__ import annotations

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric
from reprise.comparing import figures as charts
from reprise.comparing.tables import accuracies, costs
from reprise.data import cifar
from reprise.runs import Probed, Run, load_runs, used_settings
from reprise.studies.encoder import constrained, faster, figures, perturbed, reconstruction
from reprise.studies.encoder.counting import Operations, count
from reprise.studies.encoder.oracles import oracle
from reprise.studies.encoder.settings import SIZES, WEIGHTS
from reprise.workspace import Workspace


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Measures every variant and answers claims 45-48."""
    runs = load_runs(workspace)
    encoders = [name for name, run in runs.items() if not run.settings["classifies"]]
    pca = {name: reconstruction.linear(workspace, runs[name]) for name in encoders}
    told = {name: Probed.of(workspace, name).arrays("linear")[0].astype(float) for name in encoders}
    every = {f"code_{size}": perturbed.load(workspace, f"code_{size}") for size in SIZES}
    moved = every[perturbed.VARIANT]
    others = {name: each for name, each in every.items() if name != perturbed.VARIANT}
    parts = runs["code_8"].record["examples"]
    sets = ", ".join(workspace.params.dataset(name).official for name in ("digits", "cifar", "letters"))
    where = "real" if workspace.source == "real" else "generated, in place of"
    folder = workspace.evidence / "figures"
    left = {name: reconstruction.error(runs[name]).mean(axis=1) / pca[name].variance for name in ("code_8", "code_32")}
    return Evidence(
        data=f"{where} {sets}: {parts['train']:,} training and {parts['test']:,} test digits",
        findings=[
            *reconstruction.findings(declared[45], runs, pca),
            oracle([runs[name].settings["label_weight"] for name in WEIGHTS]),
            *constrained.findings(runs, pca, told),
            *perturbed.findings(declared[47], moved, others),
            *faster.findings(declared[48], workspace, runs, _counted(workspace, runs["from_pixels"])),
        ],
        metrics={f"left.{name}": Metric.over_seeds(values, "lower") for name, values in left.items()}
        | accuracies(runs, ("from_code", "from_pixels")),
        tables=[reconstruction.table(runs, pca, told), perturbed.table(every)],
        figures=[
            figures.reconstruction(folder, runs, pca),
            figures.constrained(folder, runs, pca, told),
            figures.moved(folder, moved),
            figures.kept(folder, every),
            charts.curves(folder, [runs["from_code"], runs["from_pixels"]]),
        ],
        cost=costs(runs),
        settings=used_settings(runs),
    )


def _counted(workspace: Workspace, run: Run) -> Operations:
    size, _, channels = cifar.load(workspace.prepared(run.settings["images"])).test_images.shape[1:]
    return count(run.settings["code"], channels, size, run.settings["width"])
