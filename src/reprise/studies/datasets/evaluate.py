"""Claims 104 and 105: data sets as cards, near-duplicates across their parts, and ImageNet by year."""

from __future__ import annotations

from reprise.claims.declarations import Declarations
from reprise.claims.evidence import Evidence, Metric
from reprise.studies.datasets import again, cards, figures, near, years
from reprise.studies.datasets.settings import Config
from reprise.workspace import Workspace


def evaluate(workspace: Workspace, declared: Declarations) -> Evidence:
    """Reads, counts, searches and draws; nothing is trained."""
    config: Config = workspace.config
    found = [near.search(card, config) for card in cards.read_cards(workspace)]
    sets = [each.card for each in found]
    folder = workspace.evidence / "figures"
    sizes = "; ".join(
        f"{card.name}, {card.counts['training images']:,} and {card.counts['test images']:,}" for card in sets
    )
    where = "real, whole official files" if workspace.source == "real" else "generated, in place of"
    return Evidence(
        data=f"{where}: {sizes} training and test images; published numbers",
        findings=[*cards.count_findings(sets), *near.findings(found), *years.findings(), *again.oracles()],
        metrics={
            f"known_again.{each.card.name}": Metric(each.known / each.altered, "higher", n=each.altered)
            for each in found
        },
        tables=[cards.card_table(sets), near.table(found), years.table()],
        figures=[*(figures.sheet(folder, each, config.shown) for each in found), figures.imagenet(folder)],
        cost={"images_compared": {each.card.name: len(each.card.every) for each in found}},
    )
