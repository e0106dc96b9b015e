"""``reprise gate``: no metric worse than the chance between seeds explains, no declaration altered in silence.

Compares ``reports/metrics.json`` of the working tree, and that of the kept run on real data, with the ones of a git
revision. A difference counts where it is larger than Welch's two-sided 95 % bound ``t(df) * sqrt(sa^2 / na + sb^2 /
nb)``, with the degrees of freedom of Welch and Satterthwaite; numbers without spread must agree to a relative 1e-9 (and
an absolute 1e-12).

What a claim declares was stated before its evidence. Where the ledger of the revision has judged a claim and the
declaration has another digest since, its ``changed`` must have got an entry that says why.
"""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy.special import stdtrit

from reprise.claims.ledger import LEDGER, METRICS
from reprise.files import parse_json, read_json, shown

EXACT = 1e-9  # relative: what the order of a sum may change
ZERO = 1e-12  # absolute: an error of 2e-16 that becomes 4e-16 is still rounding
LEVEL = 0.95
BETTER = ("higher", "lower", "equal")


@dataclass(frozen=True)
class Comparison:
    """One metric before and after. ``failed`` is a regression, a loss, or a number that is none."""

    name: str
    before: float | None
    after: float | None
    tolerance: float
    verdict: str
    failed: bool = False
    compared: bool = True


def gate(against: str | None = None, root: Path = Path()) -> int:
    """Prints a Markdown table of all metrics against a git revision.

    Args:
        against: a branch, tag or commit; default ``origin/main`` where it exists, else ``HEAD``.
        root: the folder that holds ``reports/``, inside a git repository.

    Returns:
        0 where nothing became worse; 1 on a regression, a metric that is gone or not a number, a declaration that was
        altered without saying so, or when there was nothing to compare.
    """
    try:
        reference = against or default_reference(root)
        commit = _revision(reference, root)
        comparisons, altered = [], []
        for prefix, folder in _runs(root).items():
            before, after = _both(commit, reference, folder / METRICS.name, root)
            if before is None and not prefix:
                raise ValueError(f"{reference} holds no {METRICS.as_posix()}: nothing to compare with")
            if after is None and not prefix:
                raise FileNotFoundError(f"{root / METRICS} is missing; `dvc repro` makes it")
            if before is not None and after is not None:
                flat = [_prefixed(prefix, flatten(*each)) for each in (before, after)]
                comparisons += compare(*flat, [f"{prefix}{name}" for name in _left_out(root / folder)])
            ledgers = _both(commit, reference, folder / LEDGER.name, root)
            altered += [f"{prefix}{each}" for each in altered_declarations(*(each and each[0] for each in ledgers))]
    except (ValueError, OSError) as error:
        print(f"gate: {shown(str(error))}", file=sys.stderr)
        return 1
    print(markdown(comparisons, reference))
    if altered:
        print(
            f"gate: declared otherwise after evidence had been seen: claim {', '.join(altered)}; say why under "
            "`changed` in the study's declared.yaml, and evaluate it again",
            file=sys.stderr,
        )
        return 1
    failed = [comparison for comparison in comparisons if comparison.failed]
    checked = sum(comparison.compared for comparison in comparisons)
    if failed:
        print(f"gate: {len(failed)} failed: {shown(', '.join(each.name for each in failed))}", file=sys.stderr)
        return 1
    if not checked:
        print(f"gate: no metric is in both {reference} and the working tree: nothing was checked", file=sys.stderr)
        return 1
    print(f"gate: passed: {checked} metrics are within their spreads of {reference}, or better", file=sys.stderr)
    return 0


def compare(before: dict[str, Any], after: dict[str, Any], left_out: Collection[str] = ()) -> list[Comparison]:
    """Every metric of either side, in order of its name.

    Args:
        before: ``{"study.metric": {value, spread, n, better}}`` of the revision, as ``flatten`` gives it.
        after: the same of the working tree.
        left_out: studies that a kept run is without, and says so: what is gone with them is no loss.
    """
    found = []
    made = {_study(name): entry for name, entry in after.items()}
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            value = after[name]["value"]
            broken = value is None
            verdict = "new, not a number" if broken else "new"
            found.append(Comparison(name, None, value, 0.0, verdict, failed=broken, compared=False))
        elif name not in after and _study(name) in left_out:
            verdict = "not compared: left out of the run that is kept now"
            found.append(Comparison(name, before[name]["value"], None, 0.0, verdict, compared=False))
        elif name not in after:
            other = _other_run(before[name], made.get(_study(name), before[name]))
            verdict = f"not compared: {other}" if other else "missing"
            found.append(Comparison(name, before[name]["value"], None, 0.0, verdict, not other, not other))
        else:
            found.append(_judge(name, before[name], after[name]))
    return found


def tolerance(before: dict[str, Any], after: dict[str, Any]) -> float:
    """The difference that chance explains: Welch's bound, or rounding where neither side has spread."""
    rounding = max(ZERO, EXACT * max(abs(before["value"]), abs(after["value"])))
    if after["better"] == "equal":
        return rounding
    parts = [(side["spread"] ** 2 / side["n"], max(side["n"] - 1, 1)) for side in (before, after)]
    variance = sum(part for part, _ in parts)
    if variance == 0:
        return rounding
    freedom = variance**2 / sum(part**2 / degrees for part, degrees in parts)
    return max(rounding, float(stdtrit(freedom, (1 + LEVEL) / 2)) * math.sqrt(variance))


def _judge(name: str, before: dict[str, Any], after: dict[str, Any]) -> Comparison:
    old, new = before["value"], after["value"]
    if new is None:
        return Comparison(name, old, new, 0.0, "not a number", failed=True)
    if old is None:
        return Comparison(name, old, new, 0.0, "was not a number", compared=False)
    other = _other_run(before, after)
    if other:
        return Comparison(name, old, new, 0.0, f"not compared: {other}", compared=False)
    allowed = tolerance(before, after)
    gain = new - old if after["better"] == "higher" else old - new
    if after["better"] == "equal":
        worse, better = abs(gain) > allowed, False
    else:
        worse, better = gain < -allowed, gain > allowed
    verdict = "regression" if worse else "better" if better else "same"
    return Comparison(name, old, new, allowed, verdict, failed=worse)


def _other_run(before: dict[str, Any], after: dict[str, Any]) -> str:
    """``another scale`` where two entries are not of the same kind of run; empty where they are."""
    different = [key for key in ("source", "scale") if before.get(key) != after.get(key)]
    return f"another {' and '.join(different)}" if different else ""


def _runs(root: Path) -> dict[str, Path]:
    """What stands before a number's name -> folder: of this run, and of those that were kept."""
    reports = METRICS.parent
    kept = {path.parent.name for each in (LEDGER, METRICS) for path in (root / reports).glob(f"*/{each.name}")}
    return {"": reports} | {f"{name} ": reports / name for name in sorted(kept)}


def _study(metric: str) -> str:
    return metric.partition(".")[0]


def _left_out(folder: Path) -> list[str]:
    """Studies that a kept run says it is without."""
    path = folder / "provenance.json"
    found = read_json(path) if path.is_file() else {}
    return list(found.get("left_out") or ()) if isinstance(found, dict) else []


def markdown(comparisons: list[Comparison], reference: str) -> str:
    """The comparisons as a Markdown table; what failed stands first."""
    lines = [f"| metric | {_cell(reference)} | now | change | tolerance | verdict |", "|:--|--:|--:|--:|--:|:--|"]
    for each in sorted(comparisons, key=lambda each: (not each.failed, each.name)):
        both = each.before is not None and each.after is not None
        change = f"{each.after - each.before:+.4g}" if both else ""
        allowed = f"{each.tolerance:.2g}" if both and each.compared else ""
        verdict = f"**{each.verdict}**" if each.failed else each.verdict
        cells = [_cell(each.name), _number(each.before), _number(each.after), change, allowed, verdict]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def default_reference(root: Path) -> str:
    """``origin/main`` where it exists, else ``HEAD``."""
    return "origin/main" if _commit("origin/main", root) else "HEAD"


def altered_declarations(before: Any, after: Any) -> list[str]:
    """Claims that were judged before and are declared otherwise now, without a new entry under ``changed``.

    Args:
        before, after: ledgers; None where there is none. Rows of an older form, without a digest, are passed over.

    Raises:
        ValueError: one is no ledger.
    """
    for rows in (before, after):
        if rows is not None and not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
            raise ValueError(f"{LEDGER}: not a ledger; make it again with `dvc repro`")
    then = {row.get("id"): row for row in before or [] if row.get("declared") and row.get("interval")}
    return [
        str(row["id"])
        for row in after or []
        if row.get("id") in then
        and row.get("declared") not in (None, then[row["id"]]["declared"])
        and len(row.get("changed") or []) <= len(then[row["id"]].get("changed") or [])
    ]


def _both(commit: str, reference: str, path: Path, root: Path) -> list[tuple[Any, str] | None]:
    """A JSON file of a revision and of the working tree, each with its name; None where there is none."""
    command = ["git", "show", f"{commit}:./{path.as_posix()}"]
    held = subprocess.run(command, cwd=root, capture_output=True, check=False)
    where, here = f"{reference}:{path.as_posix()}", root / path
    return [
        None if held.returncode else (parse_json(held.stdout, where), where),
        (read_json(here), str(here)) if here.is_file() else None,
    ]


def _prefixed(prefix: str, metrics: dict[str, Any]) -> dict[str, Any]:
    return {f"{prefix}{name}": entry for name, entry in metrics.items()}


def _revision(reference: str, root: Path) -> str:
    if _git(root, "rev-parse", "--git-dir").returncode:
        raise ValueError(f"{root.resolve()} lies in no git repository: there is no revision to compare with")
    commit = _commit(reference, root)
    if commit is None:
        raise ValueError(f"{reference!r} is no revision of this repository (try a branch, a tag or a commit)")
    return commit


def flatten(metrics: Any, where: str) -> dict[str, Any]:
    """``{study: {metric: {..}}}`` -> ``{"study.metric": {..}}``, checked; NaN and infinity become None.

    Raises:
        ValueError: something else than metrics; the message names the file and the metric.
    """
    if not isinstance(metrics, dict):
        raise ValueError(f"{where}: expected a mapping of studies, found {type(metrics).__name__}")
    flat = {}
    for study, entries in metrics.items():
        if not isinstance(entries, dict):
            raise ValueError(f"{where}: {study}: expected a mapping of metrics, found {type(entries).__name__}")
        for metric, entry in entries.items():
            flat[f"{study}.{metric}"] = _checked(entry, f"{where}: {study}.{metric}")
    return flat


def _checked(entry: Any, where: str) -> dict[str, Any]:
    if not isinstance(entry, dict) or "value" not in entry:
        raise ValueError(f"{where}: expected value, spread, n and better, found {entry!r}")
    better, spread, count = entry.get("better"), entry.get("spread", 0.0), entry.get("n", 1)
    if better not in BETTER:
        raise ValueError(f"{where}: better is {better!r}, expected one of {', '.join(BETTER)}")
    if not (_is_number(spread) and spread >= 0 and _is_number(count) and count >= 1 and count == int(count)):
        raise ValueError(f"{where}: spread {spread!r} and n {count!r} are no spread over seeds")
    if spread and "n" not in entry:
        raise ValueError(f"{where}: n is missing, beside a spread of {spread!r}")
    value = entry["value"]
    if value is not None and (not isinstance(value, int | float) or isinstance(value, bool)):
        raise ValueError(f"{where}: value {value!r} is no number")
    return entry | {"value": value if _is_number(value) else None, "spread": spread, "n": count}


def _is_number(value: Any) -> bool:
    """Whether a float holds it: an int may be larger than any, and true is no number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _commit(reference: str, root: Path) -> str | None:
    """The commit that a name stands for. ``--end-of-options``: no name can be taken for an option of git."""
    found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
    return found.stdout.strip() if found.returncode == 0 else None


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _cell(text: str) -> str:
    return shown(text.replace("\n", " ")).replace("\\", "\\\\").replace("|", "\\|")
