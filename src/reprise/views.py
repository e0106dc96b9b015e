"""Ways into a study's MLflow pages that show what belongs together: a filter each, as an address that can be shared.

MLflow 3 opens an experiment that it takes for one of language models on its traces, which are empty here; an address
that says ``runs`` does not.
"""

from __future__ import annotations

from urllib.parse import urlencode

VIEWS = {
    "variants": ("tags.kind = 'variant'", "TABLE"),
    "variants, as charts": ("tags.kind = 'variant'", "CHART"),
    "seeds, as charts": ("tags.kind = 'seed'", "CHART"),
    "claims": ("tags.kind = 'claim'", "TABLE"),
}


def address(experiment: str, view: str) -> str:
    """Where MLflow shows a view of an experiment, from ``#`` on.

    Raises:
        KeyError: there is no such view.
    """
    wanted, mode = VIEWS[view]
    query = {"workflowType": "machine_learning", "searchFilter": wanted, "compareRunsMode": mode}
    return f"#/experiments/{experiment}/runs?{urlencode(query)}"


def views_note(experiment: str) -> str:
    """All views of an experiment in Markdown: a link and the filter, to be typed into the search field."""
    return "\n".join(f"- [{view}]({address(experiment, view)}): `{wanted}`" for view, (wanted, _) in VIEWS.items())
