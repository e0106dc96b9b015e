"""The study's networks, trained for an epoch on a few images and asked: one run for all tests of this folder."""

from __future__ import annotations

import pytest
from tests.studies import made_up


@pytest.fixture(scope="session")
def asked(tmp_path_factory):
    """A workspace at scale smoke with everything but the evaluation done."""
    return made_up.asked(tmp_path_factory.mktemp("adversarial"), "adversarial")
