"""A network that MLflow holds answers as the one that was trained; nothing in it is pickled."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from reprise.files import write_json, write_npz
from reprise.judged import claim_rows, claim_table, verdicts
from reprise.logged import model_folder
from reprise.networks import predict
from reprise.registry import import_part
from reprise.tracker import MODEL, Tracker
from reprise.tracking import sync, track_training, views
from reprise.views import VIEWS
from reprise.workspace import Workspace

STUDY, VARIANT = "maximisation", "network"
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 28, 28, 1), dtype=np.uint8)


@pytest.fixture
def space(smoke, monkeypatch):
    """A study whose one variant was trained: weights, settings, what it predicted for six images."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    space = Workspace(STUDY, smoke)
    settings, study = space.settings(VARIANT), import_part(STUDY, "train")
    shapes = {"image": (28, 28, 1), "label": ()}
    torch.manual_seed(7)
    task = study.task(study.build(settings, shapes, None), settings, 0)
    answers = predict(task, {"image": IMAGES}, "cpu", 6)
    folder = space.run(VARIANT)
    folder.mkdir(parents=True)
    weights = {name: tensor.contiguous() for name, tensor in task.model.state_dict().items()}
    save_file({f"seed{seed}/{name}": tensor + seed for name, tensor in weights.items() for seed in (0, 1)},
              folder / "weights.safetensors")  # fmt: skip
    labels = np.zeros((2, 6), dtype=np.uint8)
    write_npz(folder / "predictions.npz", **{"test/logits": np.stack([answers["logits"]] * 2), "test/label": labels})
    record = {"settings": settings.model_dump(mode="json"), "parameters": 1, "precision": "32-true"}
    shown = {"shapes": {name: list(shape) for name, shape in shapes.items()}, "structure": [None, None]}
    write_json(folder / "run.json", record | shown)
    (folder / "history.csv").write_text("seed,epoch,val_loss\n0,0,0.5\n1,0,0.7\n")
    output = {"path": "data/prepared/digits.npz", "md5": "0" * 32}
    lock = {"schema": "2.0", "stages": {"prepare@digits": {"cmd": "x", "outs": [output]}}}
    write_json(smoke / "pipelines" / "data" / "dvc.lock", lock)
    return space


def answers(space: Workspace) -> np.ndarray:
    with np.load(space.run(VARIANT) / "predictions.npz") as archive:
        return archive["test/logits"][0]


def test_a_model_made_from_the_files_answers_as_the_network_did(space):
    import mlflow

    with model_folder(STUDY, space.run(VARIANT), "abc") as folder:
        model = mlflow.pyfunc.load_model(str(folder))
        np.testing.assert_allclose(model.predict({"image": IMAGES})["logits"], answers(space), rtol=1e-5, atol=1e-6)
        with pytest.raises(mlflow.exceptions.MlflowException, match="image"):
            model.predict({"image": IMAGES[:, :14]})  # the signature refuses other sizes
        endings = {path.suffix for path in folder.rglob("*") if path.is_file()}
        assert ".safetensors" in endings
        assert endings.isdisjoint({".pkl", ".pickle", ".pt", ".pth", ".bin", ".joblib"})
        assert "python_model:" not in (folder / "MLmodel").read_text()  # where MLflow names a pickled one


def test_weights_of_other_code_are_named_with_the_commit(space):
    from reprise.served import restored

    with model_folder(STUDY, space.run(VARIANT), "abc123") as folder:
        (network,) = folder.rglob("network.json")
        record = json.loads(network.read_text())
        record["shapes"]["image"] = [56, 56, 1]
        network.write_text(json.dumps(record))
        with pytest.raises(ValueError, match=r"weights\.safetensors: .*trained at commit abc123"):
            restored(network.parent)


@pytest.mark.parametrize("content", [b"", b"not weights", b"\xff" * 64])
def test_damaged_weights_are_named(space, content):
    (space.run(VARIANT) / "weights.safetensors").write_bytes(content)
    with (
        pytest.raises(ValueError, match=r"weights\.safetensors: not valid.*make it again"),
        model_folder(STUDY, space.run(VARIANT), "abc"),
    ):
        pass


def test_syncing_logs_scores_data_and_model_and_a_deleted_run_takes_its_model_along(space, monkeypatch):
    import mlflow

    assert sync(space.root) == {"made": 3, "kept": 0, "removed": 0}
    tracker = Tracker(space.root)
    experiment = tracker.experiment(STUDY)
    runs = {run.info.run_name: run for run in tracker.runs(experiment)}
    run = runs[VARIANT]
    accuracy = float((answers(space).argmax(axis=1) == 0).mean())
    assert run.data.metrics["test/accuracy"] == runs[f"{VARIANT}/seed-1"].data.metrics["test/accuracy"] == accuracy
    assert run.data.metrics["test/loss sd"] == 0
    (given,) = run.inputs.dataset_inputs
    assert (given.dataset.name, given.dataset.digest) == ("digits (generated, smoke)", "0" * 32)

    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracker.address)
    model = mlflow.pyfunc.load_model(f"models:/{run.data.tags[MODEL]}")
    np.testing.assert_allclose(model.predict({"image": IMAGES})["logits"], answers(space), rtol=1e-5, atol=1e-6)
    logged = tracker.client.get_logged_model(run.data.tags[MODEL])
    assert logged.source_run_id == run.info.run_id
    assert {metric.key for metric in logged.metrics} >= {"test/accuracy", "test/loss", "test/ece"}

    assert sync(space.root) == {"made": 0, "kept": 3, "removed": 0}
    assert len(tracker.client.search_logged_models([experiment])) == 1
    (space.run(VARIANT) / "history.csv").write_text("seed,epoch,val_loss\n0,0,0.4\n1,0,0.7\n")  # trained anew
    assert sync(space.root) == {"made": 3, "kept": 0, "removed": 3}
    (other,) = tracker.client.search_logged_models([experiment])
    assert other.model_id != logged.model_id
    assert list(views(space.root)) == [STUDY]
    assert list(views(space.root)[STUDY]) == [view for view in VIEWS if view != "claims"]  # nothing is judged yet
    note = tracker.client.get_experiment(experiment).tags["mlflow.note.content"]
    assert all(address in note for address in views(space.root)[STUDY].values())


def test_what_was_logged_while_it_trained_gets_the_rest_and_stays(space):
    with track_training(space, VARIANT, space.settings(VARIANT)) as listener:
        for seed, loss in ((0, 0.5), (1, 0.7)):
            listener(seed)(0, {"val_loss": loss})
    tracker = Tracker(space.root)
    experiment = tracker.experiment(STUDY)
    (live,) = [run for run in tracker.runs(experiment) if run.info.run_name == VARIANT]
    assert (live.data.tags.get(MODEL), live.inputs.dataset_inputs) == (None, [])  # training does not wait for these
    assert sync(space.root) == {"made": 0, "kept": 3, "removed": 0}
    (run,) = [run for run in tracker.runs(experiment) if run.info.run_name == VARIANT]
    assert run.info.run_id == live.info.run_id
    assert run.data.tags[MODEL]
    assert [each.dataset.name for each in run.inputs.dataset_inputs] == ["digits (generated, smoke)"]
    assert "test/accuracy" in run.data.metrics


def evidence(verdict: str, kind: str, low: float | None, of: list[str]) -> dict:
    effect = {"value": 0.25, "low": low, "high": 0.5, "n": 10, "seeds": 4, "unit": "dice"}
    finding = {"claim": 79, "kind": "primary", "verdict": verdict, "effect": effect, "expected": "> 0", "measures": "m"}
    declared = {"79": {"kind": kind, "verdict": verdict, "power": 0.8, "says": "s", "planned": {"of": of}}}
    return {"declared": declared, "findings": [finding], "metrics": {}}


@pytest.mark.parametrize(
    ("kind", "low", "said"),
    [
        ("measured", 0.1, "reproduced: 0.25 [0.1, 0.5] dice, declared > 0"),
        ("measured", None, "reproduced: 0.25 […, 0.5] dice, declared > 0"),
        ("stand-in", 0.1, "stand-in: 0.25 [0.1, 0.5] dice, declared > 0"),  # has no verdict
    ],
)
def test_a_claim_is_said_in_one_line_to_the_variants_that_it_names(kind, low, said):
    found = evidence("reproduced", kind, low, ["raw", "cleaned"])
    assert verdicts(found) == verdicts(found, "raw") == {"claim.79": said}
    assert verdicts(found, "other") == {}
    assert verdicts(evidence("reproduced", kind, low, []), "other") == {"claim.79": said}


def test_what_was_built_shows_its_oracle_and_what_nothing_answers_no_number():
    found = evidence("untested", "built", 0.1, [])
    assert claim_rows(found)[79]["effect"] is None
    found["findings"][0]["kind"] = "oracle"
    assert verdicts(found)["claim.79"].startswith("built: 0.25")
    assert claim_table(found)["claim"] == [79]
    assert claim_table({"declared": {}, "findings": []}) == {}
