"""The study driven once at scale `smoke`, every variant trained and asked."""

from __future__ import annotations

import pytest
from tests.conftest import copy_params

from reprise.config import set_value
from reprise.evaluation import evaluate_study
from reprise.stages.prepare import prepare
from reprise.stages.probe import probe
from reprise.stages.train import train
from reprise.studies.detectors.clean import clean
from reprise.workspace import Workspace


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A workspace with everything up to the probes."""
    root = tmp_path_factory.mktemp("detectors")
    copy_params(root)
    set_value(root, "scale=smoke", "data.objects.train=16")
    prepare(Workspace("", root), "objects")
    workspace = Workspace("detectors", root)
    clean(workspace)
    for variant in workspace.config.variants:
        train(workspace, variant)
        probe(workspace, variant)
    return workspace


@pytest.fixture(scope="session")
def evidence(trained):
    """What evaluation makes of it."""
    return evaluate_study(trained)
