"""Whose frames are trained on, watched and tested: every seed tests other subjects, and a round of seeds tests all.

Subjects are dealt to folds of about as many frames, anew in every round; seed s tests fold s. The folds' sizes come
from the subjects' sizes alone, so that all seeds' predictions fit into one array: what is shorter repeats its frames,
and ``distinct`` leaves the repeats out again.
"""

from __future__ import annotations

import numpy as np

from reprise.data.frames import check_subjects

TRAIN, VALIDATION, TEST = 0, 1, 2


def parts(subject: np.ndarray, seed: int, split_seed: int, folds: int) -> np.ndarray:
    """(n,) int8 of TRAIN, VALIDATION, TEST, every subject whole on one side.

    The smallest fold besides the tested one validates, so that a subject that holds most of the frames is trained on
    wherever it is not tested.

    Args:
        subject: (n,) whose frame it is.
        seed: of the network; ``folds`` seeds one after the other test every subject once.
        split_seed: of all rounds.
        folds: how many; as many as there are subjects where those are fewer.

    Raises:
        DataError: too few subjects for three parts.
    """
    check_subjects(subject)
    names, index, counts = np.unique(subject, return_inverse=True, return_counts=True)
    folds = min(folds, len(names))
    turn, tested = divmod(seed, folds)
    order = np.random.default_rng([split_seed, turn]).permutation(len(names))
    fold, sizes = np.empty(len(names), int), np.zeros(folds, int)
    for i in order[np.argsort(-counts[order], kind="stable")]:
        fold[i] = np.argmin(sizes)
        sizes[fold[i]] += counts[i]
    watched = min(((tested + step) % folds for step in range(1, folds)), key=lambda k: sizes[k])
    side = np.full(folds, TRAIN, np.int8)
    side[tested], side[watched] = TEST, VALIDATION
    return side[fold][index]


def sizes(subject: np.ndarray, folds: int) -> tuple[int, int]:
    """Most frames that any seed tests (or validates on), and most that any trains on."""
    every = [parts(subject, seed, 0, folds) for seed in range(min(folds, len(np.unique(subject))))]
    return max(int((part == TEST).sum()) for part in every), max(int((part == TRAIN).sum()) for part in every)


def repeated(index: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
    """(length,) each of ``index`` as often as any other, give or take one.

    Raises:
        ValueError: there is nothing to repeat.
    """
    if not len(index):
        raise ValueError("no frames are left to train on: all contradict others; set clean: none")
    whole, rest = divmod(length, len(index))
    return np.concatenate([np.tile(index, whole), rng.choice(index, rest, replace=False)])


def distinct(index: np.ndarray) -> np.ndarray:
    """Where each value stands first, in order."""
    return np.sort(np.unique(index, return_index=True)[1])
