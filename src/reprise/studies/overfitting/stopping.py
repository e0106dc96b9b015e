"""Claim 154: training that is stopped when the error on development data stops falling, against training to the end."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import Finding, joined
from reprise.comparing.findings import compare, unlearned
from reprise.runs import Run, apart
from reprise.statistics import SHARES_APART, exact, paired_effect, seeds_effect
from reprise.studies.overfitting.settings import PLANTED

LEARNED = 0.5  # test accuracy: with two fifths of the labels wrong there is so much to be learned of digits, and more
TIES = 0.1  # of the networks: so many may have stopped at an error that did not rise


def findings(declared: Declaration, runs: Mapping[str, Run]) -> list[Finding]:
    """Stopped as the source says against trained to the end; the best epoch of all stands beside it."""
    pairs = {rate: (runs[f"stopped_{rate}"], runs[end]) for rate, end in PLANTED.items()}
    barred = {
        stopped.name: joined(_rising(stopped, end), unlearned(end, least=LEARNED), _tied(stopped))
        for stopped, end in pairs.values()
    }
    notes = {stopped.name: _epochs(stopped) for stopped, _ in pairs.values()}
    found = compare(declared, list(pairs.values()), goes_on=True, undecided=barred, note=notes, figures=("stopping",))
    shares = [ties(each) for each, _ in pairs.values()]
    found.append(
        Finding(
            154,
            "Share of stopped networks whose development error was the same as before and had not risen",
            exact(float(np.mean(np.concatenate(shares))), sum(map(len, shares))),
            note="the source stops where the error increases; what stops here also stops at a tie",
        )
    )
    found.append(
        Finding(
            154,
            "Epochs in which a stopped network and the one trained to the end differ before it stops",
            exact(sum(_differing(*pair) for pair in pairs.values()), sum(pair[0].seeds for pair in pairs.values())),
            note="0 where both are the same network until then, as from the same seed they should be",
        )
    )
    for rate, (_, end) in pairs.items():
        found.append(
            Finding(
                154,
                f"Test accuracy, best epoch by development accuracy minus last epoch, {rate} % wrong labels",
                paired_effect(chosen(end) - end.correct, unit="accuracy", possible=SHARES_APART),
                note=f"best epochs {_range(np.array(end.record['best_epoch']) + 1)} of {max(end.record['epochs'])}",
                figures=("stopping",),
            )
        )
        found.append(
            Finding(
                154,
                f"Development accuracy, the same comparison, {rate} % wrong labels",
                seeds_effect(_development(end), "accuracy", SHARES_APART),
                note="cannot be below 0: the best epoch is the one in which it is largest",
            )
        )
    return found


def _rising(stopped: Run, end: Run) -> str:
    """Why nothing was overfitted: the training error did not fall on after the stop."""
    fell = apart(end.last("train_loss"), stopped.last("train_loss"))
    return "" if (fell < 0).all() else f"the training error of {end.name} does not fall to the end in every network"


def chosen(run: Run) -> np.ndarray:
    """(seeds, n) 1 where the weights of the best epoch are right about a test image."""
    logits, labels = run.arrays("best/test/logits")[0], run.labels
    return (logits.argmax(axis=2) == labels).astype(float)


def _development(run: Run) -> np.ndarray:
    return np.array([rows["val_accuracy"].max() - rows["val_accuracy"][-1] for rows in run.history])


def ties(run: Run) -> np.ndarray:
    """(seeds,) booleans: training stopped by itself at an error that was the best one's equal."""
    limit = run.settings["epochs"]
    accuracy = [rows["val_accuracy"] for rows in run.history]
    return np.array([1 < len(each) < limit and each[-1] == each[:-1].max() for each in accuracy])


def _tied(run: Run) -> str:
    share = float(ties(run).mean())
    return f"{share:.0%} of {run.name} stopped at a development error that had not risen" if share > TIES else ""


def _differing(stopped: Run, end: Run) -> int:
    """Epochs, of all seeds that both have, whose training loss and development accuracy are not the same."""
    columns = ("train_loss", "val_accuracy")
    return sum(
        any(short[name][k] != whole[name][k] for name in columns)
        for short, whole in zip(stopped.history, end.history, strict=False)
        for k in range(min(len(short["epoch"]), len(whole["epoch"])))
    )


def _epochs(run: Run) -> str:
    return f"stopped after {_range(np.array(run.record['epochs']))} epochs"


def _range(values: np.ndarray) -> str:
    return str(values.min()) if values.min() == values.max() else f"{values.min()} to {values.max()}"
