"""The house stands as CONTRIBUTING.md says: imports go one way, names are public, modules are short."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from tests.conftest import ROOT

from reprise.closure import runtime_nodes

SOURCE = ROOT / "src"
# from the ground up: a module imports only what stands on a lower line, or what stands on its own
LAYERS = (
    ("arrays", "messages", "units"),
    ("npz", "yaml_files"),
    ("files", "folders", "registry", "settings", "statistics", "published", "progress", "warm", "power"),
    ("config", "plotting", "metrics", "layers", "closure", "overlap"),
    ("renewal",),
    ("workspace", "models", "calibration", "checkpoints"),
    ("data",),
    ("tasks", "sweep"),
    ("networks", "runs", "sweeps", "recorded"),
    ("curves",),
    ("inside",),
    ("loop",),
    ("training",),
    ("claims",),
    ("comparing", "evaluation"),
    ("studies",),
    ("entries", "judged", "tested", "served", "views", "locked"),
    ("report", "projection", "gate", "logged"),
    ("tracker",),
    ("live",),
    ("tracking",),
    ("stages",),
    ("timings",),
    ("repro", "scaffold", "unwritten"),
    ("archive",),
    ("commands",),
    ("cli",),
)
FLOOR = {name: floor for floor, names in enumerate(LAYERS) for name in names}
MODULES = sorted(path for path in SOURCE.rglob("*.py"))
STUDIES = sorted(path.parent for path in SOURCE.glob("reprise/studies/*/settings.py"))


def dotted(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> set[tuple[str, str]]:
    """(module, name) of every import from this package, functions' own included."""
    found = set()
    for node in runtime_nodes(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names if alias.name.split(".")[0] == "reprise"}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "reprise":
            found |= {(node.module, alias.name) for alias in node.names}
    return found


def targets(path: Path) -> set[str]:
    """Dotted names of the modules that a file imports."""
    known = {dotted(module) for module in MODULES}
    return {f"{m}.{n}" if f"{m}.{n}" in known else m for m, n in imported(path)} - {"reprise", dotted(path)}


def room(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def test_every_room_has_its_floor():
    rooms = {room(dotted(path)) for path in MODULES} - {""}
    assert rooms <= set(FLOOR), "say in LAYERS where it stands"


def test_imports_go_down_only():
    up = [
        f"{dotted(path)} -> {target}"
        for path in MODULES
        for target in targets(path)
        if room(dotted(path)) != room(target) and FLOOR[room(dotted(path))] <= FLOOR[room(target)]
    ]
    assert up == []


def test_the_house_never_imports_a_study_and_a_study_never_another():
    wrong = []
    for path in MODULES:
        parts = dotted(path).split(".")
        own = parts[2] if parts[1:2] == ["studies"] and len(parts) > 2 else None
        for target in targets(path):
            study = target.split(".")[2] if target.startswith("reprise.studies.") else None
            if study is not None and study != own:
                wrong.append(f"{dotted(path)} -> {target}")
    assert wrong == []


def test_no_two_modules_import_each_other():
    graph = {dotted(path): targets(path) for path in MODULES}

    def reaches(start: str, goal: str) -> bool:
        seen, waiting = set(), list(graph.get(start, ()))
        while waiting:
            name = waiting.pop()
            if name == goal:
                return True
            if name not in seen:
                seen.add(name)
                waiting += graph.get(name, ())
        return False

    assert [name for name in graph if reaches(name, name)] == []


def test_no_private_name_is_imported_across_modules():
    private = [f"{dotted(p)}: {m}.{n}" for p in MODULES for m, n in imported(p) if n.startswith("_") or "._" in m]
    assert private == []


def test_no_module_is_longer_than_300_lines():
    long = {dotted(p): n for p in MODULES if (n := len(p.read_text(encoding="utf-8").splitlines())) > 300}
    assert long == {}


@pytest.mark.parametrize("folder", [f for f in STUDIES if (f / "train.py").is_file()], ids=lambda path: path.name)
def test_what_is_read_after_training_needs_no_torch(folder):
    """`settings` and `evaluate` of a study that trains, and what they import of it (0.2 s against 1.6)."""
    waiting, seen = [f"reprise.studies.{folder.name}.{part}" for part in ("settings", "evaluate")], set()
    while waiting:
        name = waiting.pop()
        path = next(p for p in MODULES if dotted(p) == name)
        seen.add(name)
        top = {
            alias.split(".")[0]
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in ([a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""])
        }
        assert not top & {"torch", "pytorch_lightning", "torchmetrics", "mlflow"}, name
        waiting += [t for t in targets(path) if t.startswith(f"reprise.studies.{folder.name}.") and t not in seen]


def test_no_shared_module_and_no_shared_test_names_a_study():
    """A shared tool that knows a study's name is one more place to edit for the next."""
    words = re.compile(rf"""["'](?:{"|".join(path.name for path in STUDIES)})["']""")
    # data sets share names with studies, and an axis of a reliability diagram is called confidence
    shared = [p for p in MODULES if room(dotted(p)) not in ("studies", "data", "calibration")]
    found = [f"{dotted(p)}: {hit}" for p in shared for hit in words.findall(p.read_text(encoding="utf-8"))]
    assert found == []


def test_the_number_of_claims_stands_in_the_catalogue_alone():
    from reprise.claims.catalogue import claims

    number = len(claims())
    count, declared = re.compile(rf"(?<![\d.]){number}(?![\d.])"), re.compile(rf"^{number}:", re.MULTILINE)
    # the last claim has the number as its name
    last = [study for study in STUDIES if declared.search((study / "declared.yaml").read_text(encoding="utf-8"))]
    found = [path for path in MODULES if count.search(path.read_text(encoding="utf-8"))]
    assert [dotted(path) for path in found if path.parent not in last] == []
