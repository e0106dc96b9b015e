"""A submission file holds the seeds' averaged masks of a variant's test frames, and nothing is written without them."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.config import ConfigError
from reprise.data.submission import read_submission
from reprise.data.ultrasound import load
from reprise.runs import Run
from reprise.studies.ultrasound.submission import submit


@pytest.mark.parametrize("variant", ["cleaned", "raw", "cleaned_has_mask"])
def test_the_file_gives_back_what_the_variant_predicts(either, tmp_path, variant):
    workspace, _ = either
    prepared, index = load(workspace.prepared("ultrasound")), Run.of(workspace, variant).common("test/index")
    said = submit(workspace, variant, tmp_path / "submission.csv")
    found = read_submission(tmp_path / "submission.csv", prepared.masks.shape[1:])
    assert list(found) == [str(name) for name in prepared.names[index]]
    perfect = variant == "cleaned"  # the other predicts nothing, the third's head silences what it sees
    for name, mask in zip(found, prepared.masks[index], strict=True):
        np.testing.assert_array_equal(found[name], mask & perfect)
    filled = int(prepared.nonempty[index].sum()) if perfect else 0
    assert said.endswith(f"{len(index)} test frames ({workspace.source}), {filled} with a mask")


def test_an_unknown_or_untrained_variant_writes_no_file(generated, tmp_path):
    workspace, _ = generated
    out = tmp_path / "submission.csv"
    with pytest.raises(ConfigError, match=r"no 'clean'.*did you mean 'cleaned'"):
        submit(workspace, "clean", out)
    folder = workspace.run("starter")
    aside = folder.with_name("aside")
    folder.rename(aside)
    try:
        with pytest.raises(FileNotFoundError, match=r"starter/predictions\.npz"):
            submit(workspace, "starter", out)
    finally:
        aside.rename(folder)
    assert not out.exists()
