"""The study's networks, trained for an epoch on a few images and asked: one run for all tests of this folder."""

from __future__ import annotations

import pytest
from tests.conftest import copy_params
from tests.studies import made_up

from reprise import config
from reprise.stages.prepare import prepare
from reprise.stages.probe import probe
from reprise.workspace import Workspace


@pytest.fixture(scope="session")
def asked(tmp_path_factory):
    """A workspace at scale smoke with everything but the evaluation done."""
    folder = tmp_path_factory.mktemp("adversarial")
    copy_params(folder, "adversarial")
    config.set_value(folder, "scale=smoke", "training.accelerator=cpu")
    space = Workspace("adversarial", folder)
    for name in space.reads:
        prepare(Workspace("", folder), name)
    for variant in space.config.variants:
        made_up.train(space, variant)
        probe(space, variant)
    return space
