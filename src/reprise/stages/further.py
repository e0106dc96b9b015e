"""``python -m reprise.stages.further STUDY``: more seeds at the planned looks, while a claim is undecided."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from reprise.claims.declarations import Declaration
from reprise.claims.evidence import decide
from reprise.closure import code_digest
from reprise.evaluation import declarations, look
from reprise.files import read_json, write_json
from reprise.progress import report_text
from reprise.registry import has_part
from reprise.stages.probe import probe
from reprise.stages.running import stage
from reprise.stages.train import train, training_keys
from reprise.workspace import Workspace

KEYS = "keys.json"  # beside a block's outputs: what it was made from


def further(workspace: Workspace) -> None:
    """Writes ``data/further/STUDY/``: blocks of runs and probes, and looks.json, which says what each look found.

    A claim is waited for while its look decides nothing and nothing but chance stands in the way; its variants get
    seeds up to its next look. Claims of which generated data are a stand-in need none; what any data decide gets what
    it plans, where stand-ins beside it had fewer. Blocks of an earlier run are kept where all that they depend on is
    the same.
    """
    _set_aside(workspace)
    first, have = workspace.config.seeds, dict.fromkeys(workspace.config.variants, workspace.config.seeds)
    declared = declarations(workspace.study)
    waiting = {
        claim: each
        for claim, each in declared.items()
        if each.kind(workspace.source) == "measured" and _waits(each, first)
    }
    looks = []
    for seeds in sorted({n for each in waiting.values() for n in each.looks}):
        here = {claim: each for claim, each in waiting.items() if seeds in each.looks}
        if not here:
            continue
        grown = [name for name in _variants(workspace, here) if have[name] < seeds]
        for name in grown:
            _block(workspace, name, have[name], seeds - have[name])
            have[name] = seeds
        found = look(workspace, declared, seeds)
        verdicts = {claim: decide(found[claim]) for claim in here}
        barred = {claim for claim in here if any(each.undecided for each in found[claim])}
        for claim in here:
            if verdicts[claim] != "inconclusive" or claim in barred or seeds == here[claim].looks[-1]:
                del waiting[claim]
        looks.append({"seeds": seeds, "trained": grown, "verdicts": verdicts, "barred": sorted(barred)})
        report_text(f"look at {seeds} seeds: {len(waiting)} of {len(here)} claims go on")
    write_json(workspace.further / "looks.json", {"looks": looks})
    shutil.rmtree(_aside(workspace), ignore_errors=True)
    for name in have:
        for block in workspace.blocks(name)[1:]:
            shutil.rmtree(workspace.checkpoints(name, block), ignore_errors=True)


def _waits(claim: Declaration, first: int) -> bool:
    """Whether a claim has looks to come: at more seeds than its first look had, or all, where any data decide it."""
    if claim.basis == "anything" and claim.looks and claim.looks[0] > first:
        return True
    return len(claim.looks) > 1 and claim.looks[0] == first


def _variants(workspace: Workspace, claims: dict[int, Declaration]) -> list[str]:
    """What the claims read, after what it goes on from."""
    variants = workspace.config.variants
    wanted = {name for each in claims.values() for name in (each.planned.of or variants)}
    unknown = sorted(wanted - set(variants))
    if unknown:
        raise ValueError(
            f"{workspace.study}: planned.of names {', '.join(unknown)}; variants are {', '.join(variants)}"
        )
    for name in list(wanted):
        while (name := variants[name].start) is not None:
            wanted.add(name)
    return [name for name in variants if name in wanted]  # `started` stands behind what it goes on from


def _block(workspace: Workspace, variant: str, first: int, count: int) -> None:
    """Trains and asks ``count`` networks from seed ``first`` on, or takes them from an earlier run."""
    run, asked = workspace.run(variant, first), workspace.probe(variant, first)
    _take(workspace, run, training_keys(workspace, variant, range(first, first + count)))
    if not run.is_dir():
        train(workspace, variant, first, count)
        write_json(run / KEYS, training_keys(workspace, variant, range(first, first + count)))
    if not has_part(workspace.study, "probe"):
        return
    keys = [*read_json(run / KEYS), _asking(workspace)]
    _take(workspace, asked, keys)
    if not asked.is_dir():
        probe(workspace, variant, first)
        write_json(asked / KEYS, keys)


def _asking(workspace: Workspace) -> str:
    """A digest of how networks are asked."""
    modules = ["reprise.networks", f"reprise.studies.{workspace.study}.probe"]
    settings = getattr(workspace.config, "probe", None)
    return code_digest(modules, Path(__file__).parents[2]) + ("" if settings is None else settings.model_dump_json())


def _aside(workspace: Workspace) -> Path:
    return workspace.checkpoints("further")


def _set_aside(workspace: Workspace) -> None:
    """Moves what an earlier run made (it stays there for DVC) where it can be taken from again."""
    for keys in sorted(workspace.further.rglob(KEYS)):
        place = _aside(workspace) / keys.parent.relative_to(workspace.further)
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(keys.parent, place)
    shutil.rmtree(workspace.further, ignore_errors=True)


def _take(workspace: Workspace, folder: Path, keys: list[str]) -> None:
    """Takes a folder back if it was made from the same."""
    place = _aside(workspace) / folder.relative_to(workspace.further)
    if (place / KEYS).is_file() and read_json(place / KEYS) == keys:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(place, folder)


if __name__ == "__main__":
    with stage("further", *sys.argv[1:]):
        further(Workspace(sys.argv[1]))
