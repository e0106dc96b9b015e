"""Every number that the README says of a claim is in the ledger, and every command in it exists."""

from __future__ import annotations

import functools
import json
import re

import pytest

from reprise.claims.catalogue import claims, defects
from reprise.claims.ledger import LEDGER
from reprise.report.numbers import effect_text, number
from reprise.report.runs import Run, best_row, kept_runs

CITED = re.compile(r"\((?:claims?) ([\d, ]+)(; real)?\)")
NUMBER = re.compile(r"[-−]?\d[\d,]*(?:\.\d+)?")


@functools.cache
def runs(root) -> tuple[Run, list[Run]]:
    return Run("", json.loads((root / LEDGER).read_text(encoding="utf-8"))), kept_runs(root)


def findings(root, claim, real):
    """Of this run, or of the kept one that leads."""
    here, kept = runs(root)
    row = best_row(claim, here, kept) if real else here.by_claim[claim]
    assert bool(row.get("from")) == real, f"claim {claim}: no run on real data leads"
    return row, row["findings"]


def spelled(value) -> set[str]:
    """A number as it may be written: as the report has it, in percent, in points, rounded."""
    if not isinstance(value, int | float):
        return set()
    forms = {number(value), number(value, 2), number(value, 3), number(100 * value), number(100 * value, 2)}
    forms |= {f"{scale * value:.{places}f}" for scale in (1, 100) for places in (0, 1, 2, 3)}
    return {form.replace("−", "-") for form in forms} | {form.replace("−", "").lstrip("-") for form in forms}


def known(row, found) -> set[str]:
    """All numbers that the ledger has of a claim."""
    words = {str(row["id"]), str(row.get("planned"))}
    for each in found:
        effect = each["effect"]
        for key in ("value", "low", "high", "n", "seeds"):
            words |= spelled(effect[key])
        texts = (*effect_text(effect["value"], [effect["low"], effect["high"]]), each["note"], each["measures"])
        words |= {token.replace("−", "-") for text in texts for token in NUMBER.findall(text)}
    return words | {token for text in (row["data"], row.get("says", "")) for token in NUMBER.findall(text)}


def bullets(text: str) -> list[str]:
    """What is said of claims: the findings, and any paragraph before them that names one."""
    before, after = text.split("## What it finds", 1)
    section = after.split("\n## ", 1)[0]
    found = re.split(r"^- ", section, flags=re.MULTILINE)[1:]
    return [" ".join(each.split()) for each in (*filter(CITED.search, before.split("\n\n")), *found)]


def test_every_number_of_a_finding_is_in_the_ledger(root):
    said = bullets((root / "README.md").read_text(encoding="utf-8"))
    assert len(said) >= 6
    for bullet in said:
        cited = CITED.search(bullet)
        assert cited, f"names no claim: {bullet}"
        allowed = set()
        for claim in map(int, re.findall(r"\d+", cited[1])):
            allowed |= known(*findings(root, claim, bool(cited[2])))
        for token in NUMBER.findall(CITED.sub("", bullet).replace("CIFAR-10", "")):
            assert token.strip(",").replace("−", "-") in allowed, f"{token} is not in the ledger: {bullet}"


@pytest.mark.parametrize("wrong", ["0.123456", "98,765"])
def test_a_number_that_is_not_in_the_ledger_is_found(root, wrong):
    claim = next(claim.id for claim in claims() if findings(root, claim.id, False)[1])
    assert wrong not in known(*findings(root, claim, False))


def test_counts_in_the_first_lines_are_those_of_the_catalogue(root):
    text = (root / "README.md").read_text(encoding="utf-8")
    built = sum(claim.expectation == "inventory" for claim in claims())
    assert f"{len(claims())} claims" in text.replace("\n", " ")
    assert f"{built} of them" in " ".join(text.split())
    names = {20: "Twenty", 21: "Twenty-one", 22: "Twenty-two", 23: "Twenty-three"}
    assert f"{names[len(defects())]} defects" in " ".join(text.split())


def example(root, of: str) -> str:
    """The one listing in Python that imports ``of``, as printed."""
    text = (root / "README.md").read_text(encoding="utf-8")
    (found,) = [each for each in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if f"from {of} import" in each]
    return found


def test_the_sweep_of_a_users_own_module_runs_as_printed(root, capsys):
    known: dict = {}
    exec(compile(example(root, "reprise.sweep"), "README.md", "exec"), known)
    lines = [eval(line, {"nan": float("nan")}) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 5
    assert len(known["table"]["step"]) == len(known["networks"]) * 10
    assert lines[0]["test_accuracy"] == known["table"]["test_accuracy"][known["last"]].max() > 0.8
