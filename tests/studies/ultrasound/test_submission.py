"""A submission file holds, for every test frame, the mean of the networks that tested it; else nothing is written."""

from __future__ import annotations

import numpy as np
import pytest

from reprise.config import ConfigError
from reprise.data.submission import read_submission
from reprise.data.ultrasound import load
from reprise.runs import Run
from reprise.studies.ultrasound import submission
from reprise.studies.ultrasound.submission import submit


@pytest.mark.parametrize("variant", ["cleaned", "raw", "cleaned_has_mask"])
def test_the_file_gives_back_what_the_variant_predicts(either, tmp_path, variant):
    workspace, _ = either
    prepared, (places,) = load(workspace.prepared("ultrasound")), Run.of(workspace, variant).arrays("test/index")
    index = np.unique(places)
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
    folder = workspace.run("raw")
    aside = folder.with_name("aside")
    folder.rename(aside)
    try:
        with pytest.raises(FileNotFoundError, match=r"raw/predictions\.npz"):
            submit(workspace, "raw", out)
    finally:
        aside.rename(folder)
    assert not out.exists()


def test_a_frame_gets_the_mean_of_those_networks_that_tested_it_each_once():
    places = np.array([[3, 5, 3], [5, 7, 5]])
    values = np.array([[0.0, 0.2, 9.0], [0.6, 1.0, 9.0]])[..., None, None] * np.ones((2, 2))  # 9: repeats
    index, means = submission._means(places, values)
    assert index.tolist() == [3, 5, 7]
    np.testing.assert_allclose(means[:, 0, 0], [0.0, 0.4, 1.0])
    np.testing.assert_allclose(submission._means(places, values[..., 0, 0])[1], [0.0, 0.4, 1.0])
