"""Shields and warriors: claims 88 and 89 (raghakot, "Zerg shields").

With money ``M`` buy ``X`` shields at ``G`` and ``Y`` warriors at ``W``; each warrior does one damage a second and each
shield holds for one second, so the damage is ``X·Y`` subject to ``X·G + Y·W <= M``.

In real numbers all money is spent, ``A(Y) = Y (M - W·Y)/G``, and ``A' = (M - 2·W·Y)/G = 0`` gives ``Y = M/2W`` and
``X = M/2G``: half the money for each, the midpoint of the budget line. (The source writes the area itself where its
derivative belongs; its answer is right nevertheless.) In whole numbers, rounding ``M/2G`` down is a rule of thumb; the
optimum is a search over ``X``, each with as many warriors as the rest of the money buys.
"""

from __future__ import annotations

import numpy as np


def damage(money: int, shield: int, warrior: int, shields: np.ndarray) -> np.ndarray:
    """Damage with so many shields and every warrior that the rest pays for; 0 where the shields cost too much."""
    rest = money - np.asarray(shields) * shield
    return np.where(rest >= 0, shields * (rest // warrior), 0)


def half_each(money, shield, warrior):
    """Shields and warriors, in real numbers (or symbols), that half of the money buys of each: ``M/2G``, ``M/2W``."""
    return money / (2 * shield), money / (2 * warrior)


def best_shields(money: int, shield: int, warrior: int) -> tuple[np.ndarray, int]:
    """Every optimal number of shields, and the damage they give.

    Raises:
        ValueError: a price that is not positive, or negative money.
    """
    if shield < 1 or warrior < 1 or money < 0:
        raise ValueError(f"prices {shield}, {warrior} must be at least 1 and money {money} at least 0")
    shields = np.arange(money // shield + 1)
    scores = damage(money, shield, warrior, shields)
    return shields[scores == scores.max()], int(scores.max())


def floor_rule(money: int, shield: int, warrior: int) -> int:
    """The source's rule, ``floor(M/2G)`` shields and warriors for the rest: the damage it gives."""
    return int(damage(money, shield, warrior, np.array(money // (2 * shield))))


def nearest_rule(money: int, shield: int, warrior: int) -> int:
    """The better of ``floor(M/2G)`` and one more: one comparison mends most of the rule's losses."""
    half = money // (2 * shield)
    return int(damage(money, shield, warrior, np.array([half, half + 1])).max())
