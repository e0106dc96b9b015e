"""Claim 102: small changes along the gradient's sign, against random ones of the same size."""

from __future__ import annotations

import numpy as np

from reprise.calibration import DensityConfidence, softmax
from reprise.claims.evidence import Finding, Table, above, between, joined
from reprise.comparing.findings import collapsed, unlearned
from reprise.statistics import SHARES_APART, Effect, exact, seeds_effect
from reprise.studies.adversarial.answers import Answers
from reprise.studies.adversarial.published import ONE_STEP
from reprise.studies.adversarial.settings import JUDGED_SIZE

JUDGED = "minivgg"
STEPS = 10  # of the iterated change
MORE_OFTEN_THAN_NOT = 0.5
HARDENED, PLAIN = "maxout_hardened", "maxout"


def change_findings(every: dict[str, Answers]) -> list[Finding]:
    """All of claim 102: our step against its closed form, and how often such changes deceive."""
    judged = every[JUDGED]
    at = judged.sizes.index(JUDGED_SIZE)
    steps = judged.asked["steps"]
    other = "" if steps == STEPS else f"{steps} steps in place of {STEPS}"
    why = joined(unlearned(judged.run), collapsed(judged.run), other)
    effect = _of_right(judged, "iterated", "noise", at)
    note = f"{judged.right.mean():.3f} are right unchanged"
    figures = ("changes", "changed_images")
    words = (
        "Of the CIFAR test images that the mini-VGG gets right, the share that it gets wrong after ten steps along the "
        "gradient's sign, 8/255 a pixel at most, minus the share after random signs of 8/255"
    )
    more = {"undecided": why, "note": note, "figures": figures}
    found = [_step_by_hand(), Finding(102, words, effect, above(MORE_OFTEN_THAN_NOT), "secondary", **more)]
    words = "Of the images that the mini-VGG gets right, the share that is wrong after {}, 8/255, minus random signs"
    for kind, said in (
        ("step", "one step along the gradient's sign"),
        ("targeted", "ten steps towards the next class"),
        ("transfer", "ten steps against the first seed's network, other seeds"),
    ):
        if len(judged.changed[kind]):
            found.append(Finding(102, words.format(said), _of_right(judged, kind, "noise", at), figures=figures))
    found += [each for name in ONE_STEP for each in _published(name, every[name])]
    return [*found, *_hardening(every), *_density(every)]


def _step_by_hand() -> Finding:
    """One step on a multinomial regression, whose gradient has a closed form."""
    import torch

    from reprise.tasks.attacks import gradient_sign

    rng = np.random.default_rng(102)
    images, weights, labels = rng.random((20, 1, 8, 8)), rng.standard_normal((10, 64)), rng.integers(10, size=20)
    fixed = torch.from_numpy(weights)
    ours = gradient_sign(lambda x: x.flatten(1) @ fixed.T, torch.from_numpy(images), torch.from_numpy(labels), 0.1)
    chances = softmax(images.reshape(20, -1) @ weights.T)
    by_hand = images.reshape(20, -1) + 0.1 * np.sign((chances - np.eye(10)[labels]) @ weights)
    gap = float(np.abs(ours.numpy().reshape(20, -1) - by_hand.clip(0, 1)).max())
    words = "Largest difference of one step along the gradient's sign from its closed form, multinomial regression"
    return Finding(
        102, words, exact(gap, 20), between(0, 1e-12), "oracle", oracle="(softmax - label) times the weights"
    )


def _of_right(answers: Answers, kind: str, other: str, at: int) -> Effect:
    """Difference of the shares of rightly classified images that two changes of one size make wrong."""
    deceived = answers.deceived(kind)[:, at]
    gap = deceived - answers.deceived(other)[-len(deceived) :, at]
    gap = np.nan_to_num(gap)  # a network that gets nothing right can be deceived about nothing
    images = max(1.0, answers.right.sum(axis=1).mean())
    error = np.sqrt(np.mean(deceived * (1 - deceived)) / images)
    return seeds_effect(gap, "share of images", SHARES_APART, examples_error=np.nan_to_num(error))


def _published(name: str, answers: Answers) -> list[Finding]:
    """Error and confidence after one step, where a paper gives them."""
    row = ONE_STEP[name]
    at = answers.sizes.index(row["size"])
    place = "Goodfellow et al. 2015, whole sets, other training"
    words = f"After one step of {row['size']:g} along the gradient's sign, `{name}`: "
    errors = seeds_effect(answers.error("step")[:, at], "share of images", (0, 1))
    note = f"random signs: {answers.error('noise')[:, at].mean():.3f}, unchanged: {1 - answers.right.mean():.3f}"
    found = [Finding(102, words + "test error", errors, published=f"{row['error']:g} ({place})", note=note)]
    sure = answers.confidence("step")[:, at]
    if "confidence" in row and np.isfinite(sure).all():
        effect = seeds_effect(sure, "probability", (0, 1))
        published = f"{row['confidence']:g} ({place})"
        found.append(Finding(102, words + "mean confidence where it is wrong", effect, published=published))
    return found


def _hardening(every: dict[str, Answers]) -> list[Finding]:
    """What training on adversarial examples changes."""
    hard, plain = every[HARDENED], every[PLAIN]
    at = hard.sizes.index(hard.run.settings["hardened"])
    found = []
    for kind, said in (("step", "one step"), ("iterated", "ten steps")):
        gap = hard.error(kind)[:, at] - plain.error(kind)[:, at]
        effect = seeds_effect(gap, "share of images", SHARES_APART)
        words = f"Test error after {said} of {hard.sizes[at]:g}, trained on such steps minus trained without"
        note = f"{hard.error(kind)[:, at].mean():.3f} against {plain.error(kind)[:, at].mean():.3f}"
        found.append(Finding(102, words, effect, note=note, figures=("changes",)))
    return found


def _density(every: dict[str, Answers]) -> list[Finding]:
    """What the density confidence of claim 30 says of the pictures that deceive."""
    found = []
    for name in ("digitnet", JUDGED):
        answers = every[name]
        at = answers.sizes.index(JUDGED_SIZE if name == JUDGED else 0.25)
        falls = np.array([_falls(answers, seed, at) for seed in range(len(answers.clean))])
        words = f"Fall of density confidence minus fall of softmax, one step of {answers.sizes[at]:.2g}, `{name}`"
        effect = seeds_effect(falls[:, 0] - falls[:, 1], "probability")
        note = f"claim 30's measure; they fall by {falls[:, 0].mean():.3f} and {falls[:, 1].mean():.3f}"
        found.append(Finding(102, words, effect, note=note))
    return found


def _falls(answers: Answers, seed: int, at: int) -> tuple[float, float]:
    """Mean fall of the winner's confidence from the unchanged images: by density, by softmax."""
    logits, labels = (answers.run.arrays(f"validation/{each}")[0][seed] for each in ("logits", "label"))
    model = DensityConfidence().fit(logits.astype(np.float64), labels.astype(int))
    clean, changed = answers.clean[seed], answers.changed["step"][seed, at]
    dense, soft = (
        float(np.mean(confidence(clean).max(axis=1) - confidence(changed).max(axis=1)))
        for confidence in (model.transform, softmax)
    )
    return dense, soft


def change_table(every: dict[str, Answers]) -> Table:
    """Error by kind of change, at the size that a paper gives or that decides."""
    rows = []
    for name, answers in every.items():
        size = JUDGED_SIZE if name == JUDGED else 0.25
        at = answers.sizes.index(size)
        errors = [f"{answers.error(kind)[:, at].mean():.3f}" for kind in answers.changed]
        sure = np.nanmean(answers.confidence("step")[:, at]) if answers.error("step")[:, at].any() else np.nan
        rows.append((name, f"{1 - answers.right.mean():.3f}", f"{size:.2g}", *errors, f"{sure:.3f}"))
    columns = ("network", "unchanged", "size", "one step", "ten steps", "ten to the next class", "random signs")
    columns = (*columns, "ten against seed 0", "confidence where one step deceives")
    images = len(every[JUDGED].label)
    return Table("Test error after small changes", columns, tuple(rows), f"{images:,} test images, means over seeds.")
