"""params.yaml -> frozen, strict models. One file holds every scale.

A leaf that differs between scales is a mapping ``{small: .., full: ..}`` (``smoke`` falls back to ``small``).
Every top-level key other than ``scale``, ``data`` and ``training`` names a study: the section ``ultrasound`` belongs
to the module ``reprise.studies.ultrasound`` (or, where nothing is trained, ``reprise.claims.ultrasound``), whose
``Config`` validates it. Unknown keys are refused by name, with the nearest valid one.
"""

from __future__ import annotations

import copy
import difflib
import functools
import importlib
import importlib.util
import json
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML

SCALES = ("smoke", "small", "full")
COMMON = ("scale", "data", "training")
DEEPEST = 20  # levels of params.yaml: an alias can point to what holds it


VariantName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")]  # stands in stages' commands and in paths


class ConfigError(ValueError):
    """Something in params.yaml is not as it must be; the message names the file, the key and what to do."""


class Strict(BaseModel):
    """Base of all configuration: immutable, no unknown keys, no silent conversions, finite numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class DataConfig(Strict):
    """Where data comes from, for every study. Further keys are data sets: ``reprise.data.NAME.Config`` checks them."""

    model_config = ConfigDict(extra="allow")

    source: Literal["generated", "real"] = "generated"


class TrainingConfig(Strict):
    """How anything is trained: handed to Lightning's Trainer. ``auto`` looks at the machine."""

    accelerator: Literal["auto", "cpu", "gpu", "cuda", "mps", "tpu"] = "auto"
    devices: Annotated[int, Field(ge=1)] | Literal["auto"] = 1
    strategy: str = "auto"
    precision: Literal["auto", "32-true", "bf16-mixed", "bf16-true", "16-mixed"] = "auto"
    threads: int = Field(1, ge=1)  # fixed: sums on more threads come in another order, and end in other bytes
    compile: bool = False


class Settings(Strict):
    """What every trained variant can turn; a study adds its own."""

    epochs: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(0.0, ge=0)
    plateau_factor: float = Field(0.1, gt=0, lt=1, description="of the learning rate when validation loss stalls")
    plateau_patience: int | None = Field(None, ge=0, description="epochs; null: the learning rate stays")
    least_learning_rate: float = Field(1e-6, ge=0)
    early_stopping: int | None = Field(None, ge=1, description="epochs without a better validation loss; null: never")


class StudyConfig(Strict):
    """A study that trains: ``base`` settings and named ``variants`` that override some of them."""

    seeds: int = Field(ge=1, description="runs of each variant: seeds 0 .. seeds - 1")

    @model_validator(mode="before")
    @classmethod
    def _merge(cls, values: Any) -> Any:
        if not isinstance(values, dict) or not isinstance(values.get("base"), dict):
            return values
        values = dict(values)
        base, variants = values["base"], values.get("variants")
        if isinstance(variants, dict):
            values["variants"] = {name: merge(base, override or {}) for name, override in variants.items()}
        return values


def merge(base: Any, override: Any) -> Any:
    """``base`` with ``override`` laid over it, mapping by mapping."""
    if not (isinstance(base, dict) and isinstance(override, dict)):
        return copy.deepcopy(override)
    merged = {key: copy.deepcopy(value) for key, value in base.items()}
    for key, value in override.items():
        merged[key] = merge(merged[key], value) if key in merged else copy.deepcopy(value)
    return merged


def resolve(node: Any, scale: str) -> Any:
    """Replaces every ``{small: .., full: ..}`` mapping by its entry for ``scale``."""
    if isinstance(node, dict):
        if "small" in node and "full" in node and set(node) <= set(SCALES):
            return resolve(node.get(scale, node["small"]), scale)
        return {key: resolve(value, scale) for key, value in node.items()}
    if isinstance(node, list):
        return [resolve(value, scale) for value in node]
    return node


@dataclass(frozen=True)
class Params:
    """params.yaml, read and checked: the common part at once, each study when it is asked for."""

    path: Path
    scale: str
    data: DataConfig
    training: TrainingConfig
    raw: dict[str, Any]  # resolved for the scale

    @property
    def studies(self) -> list[str]:
        """The names of all studies, in the file's order."""
        return [key for key in self.raw if key not in COMMON]

    def study(self, name: str) -> Any:
        """The validated ``Config`` of one study.

        Raises:
            ConfigError: params.yaml has no such section, or the section is not valid.
        """
        if name not in self.studies:
            raise ConfigError(f"{self.path}: no study {name!r}{nearest(name, self.studies)}")
        return _validate(_config_class(name), self.raw[name], self.path, name)

    @property
    def datasets(self) -> list[str]:
        """The names of all data sets, in the file's order."""
        return list(self.data.model_extra or {})

    def dataset(self, name: str) -> Any:
        """The validated ``Config`` of one data set, the section ``data.NAME``.

        Raises:
            ConfigError: params.yaml has no such section, or the section is not valid.
        """
        if name not in self.datasets:
            raise ConfigError(f"{self.path}: data: no data set {name!r}{nearest(name, self.datasets)}")
        module = importlib.import_module(f"reprise.data.{name}")
        return _validate(module.Config, self.raw["data"][name], self.path, f"data.{name}")

    def check(self) -> None:
        """Validates every section, data sets and studies alike."""
        for name in self.datasets:
            self.dataset(name)
        for name in self.studies:
            self.study(name)


def load(path: Path | str = "params.yaml", text: str | None = None) -> Params:
    """Reads params.yaml and validates what all studies share.

    Args:
        path: the file.
        text: what the file is to hold, where it is not written yet.

    Raises:
        ConfigError: the file is missing, not YAML, or holds an unknown key or a value of the wrong kind.
    """
    path = Path(path)
    raw = _read(path, text)
    scale = raw.get("scale")
    if scale not in SCALES:
        raise ConfigError(f"{path}: scale: found {scale!r}, expected one of {', '.join(SCALES)}")
    resolved = resolve(raw, scale)
    params = Params(
        path=path,
        scale=scale,
        data=_validate(DataConfig, resolved.get("data", {}), path, "data"),
        training=_validate(TrainingConfig, resolved.get("training", {}), path, "training"),
        raw=resolved,
    )
    for name in params.datasets:
        if name not in known_datasets():
            raise ConfigError(f"{path}: data: unknown key {name!r}{nearest(name, ['source', *known_datasets()])}")
    for name in params.studies:
        if study_module("studies", name) is None and study_module("claims", name) is None:
            raise ConfigError(f"{path}: unknown key {name!r}{nearest(name, [*COMMON, *known_studies()])}")
    return params


def study_module(kind: Literal["studies", "claims"], name: str) -> str | None:
    """The dotted name of a study's module, or None where it has none. Nothing is imported."""
    if not (isinstance(name, str) and name.isidentifier() and not name.startswith("_")):
        return None
    dotted = f"reprise.{kind}.{name}"
    return dotted if (Path(__file__).parent / kind / f"{name}.py").is_file() else None


def import_study(kind: Literal["studies", "claims"], name: str) -> ModuleType:
    """Imports ``reprise.studies.NAME`` (what is trained) or ``reprise.claims.NAME`` (what is measured)."""
    dotted = study_module(kind, name)
    if dotted is None:
        raise ConfigError(f"src/reprise/{kind}/{name}.py does not exist{nearest(name, known_studies())}")
    return importlib.import_module(dotted)


@functools.cache
def known_studies() -> tuple[str, ...]:
    """Names that a study's section in params.yaml can have: the modules that are there."""
    here = Path(__file__).parent
    files = [*(here / "studies").glob("*.py"), *(here / "claims").glob("*.py")]
    helpers = {"evidence", "ledger", "catalogue"}
    return tuple(sorted({f.stem for f in files if not f.stem.startswith("_")} - helpers))


def nearest(name: str, valid: list[str] | tuple[str, ...]) -> str:
    """`` (did you mean 'x'?)`` or the list of what is valid."""
    close = difflib.get_close_matches(str(name), list(valid), n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else f" (valid: {', '.join(map(str, valid)) or 'nothing'})"


@functools.cache
def known_datasets() -> tuple[str, ...]:
    """Names that a section below ``data`` can have: the modules of ``reprise.data`` that define a ``Config``."""
    files = sorted((Path(__file__).parent / "data").glob("*.py"))
    return tuple(file.stem for file in files if "\nclass Config(" in file.read_text(encoding="utf-8"))


def set_value(path: Path, *assignments: str) -> None:
    """Writes each ``KEY=VALUE`` (``data.source=real``) into params.yaml, keeping its comments and layout.

    Raises:
        ConfigError: an assignment has no ``=``, a key does not exist, or the file would no longer be valid; then
            nothing is written.
    """
    from reprise.files import write_text

    yaml = YAML()
    yaml.preserve_quotes, yaml.width = True, 120
    for assignment in assignments:
        if "=" not in assignment:
            raise ConfigError(f"{assignment!r}: expected KEY=VALUE, for example data.source=real")
    document = _parse(yaml, _text(path), path)
    for assignment in assignments:
        key, _, value = assignment.partition("=")
        *parents, leaf = key.split(".")
        node = document
        for part in [*parents, leaf]:
            if not isinstance(node, dict) or part not in node:
                valid = list(node) if isinstance(node, dict) else []
                raise ConfigError(f"{path}: no key {key!r}{nearest(part, valid)}")
            holder, node = node, node[part]
        holder[leaf] = _parse(YAML(typ="safe"), value, assignment)
        _check_plain(holder[leaf], key)
    stream = StringIO()
    yaml.dump(document, stream)
    load(path, stream.getvalue()).check()
    write_text(path, stream.getvalue())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path} is missing: run this in the folder that holds params.yaml") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8: {error}") from None


def _read(path: Path, text: str | None = None) -> dict[str, Any]:
    raw = _parse(YAML(typ="safe"), _text(path) if text is None else text, path)
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: expected a mapping of sections, found {type(raw).__name__}")
    _check_plain(raw, str(path))
    return raw


def _parse(yaml: YAML, text: str, where: Path | str) -> Any:
    try:
        return yaml.load(text)
    except Exception as error:  # a date of month 13, a number of 5,000 digits: not all that is wrong is a YAMLError
        from reprise.files import one_line

        raise ConfigError(f"{where}: not valid YAML: {one_line(error)}") from None


def _check_plain(node: Any, where: str, level: int = 0) -> None:
    """Refuses what JSON does not have: dates, binary data, keys that are no text, mappings that hold themselves."""
    if level > DEEPEST:
        raise ConfigError(f"{where}: more than {DEEPEST} levels")
    if isinstance(node, dict):
        for key, value in node.items():
            if not isinstance(key, str):
                raise ConfigError(f"{where}: key {key!r}: expected text; put it in quotes")
            _check_plain(value, f"{where}{'.' if level else ': '}{key}", level + 1)
    elif isinstance(node, list):
        for value in node:
            _check_plain(value, where, level + 1)
    elif not isinstance(node, str | int | float | None):
        raise ConfigError(f"{where}: found {node!r}, expected text, a number, a list or a mapping")


def _config_class(name: str) -> type[Strict]:
    kind = "studies" if study_module("studies", name) else "claims"
    return import_study(kind, name).Config


def _validate(model: type[Strict], values: Any, path: Path, section: str) -> Any:
    try:
        return model.model_validate_json(json.dumps(values))
    except ValidationError as error:
        lines = [_explain(model, item, section) for item in error.errors()]
        raise ConfigError("\n".join(f"{path}: {line}" for line in lines)) from None


def _explain(model: type[Strict], item: Any, section: str) -> str:
    where = ".".join([section, *(str(part) for part in item["loc"])])
    if item["type"] == "extra_forbidden":
        *parents, key = item["loc"]
        return f"{where}: unknown key{nearest(str(key), _fields(model, parents))}"
    if item["type"] == "missing":
        return f"{where}: missing; give it a value"
    return f"{where}: found {item['input']!r}: {item['msg']}"


def _fields(model: Any, location: list[Any]) -> list[str]:
    """The valid keys at a place inside a model; descends through mappings and lists."""
    for part in location:
        field = getattr(model, "model_fields", {}).get(part)
        model = field.annotation if field is not None else model
        while getattr(model, "__args__", None):  # dict[str, M], list[M], M | None
            models = [
                arg for arg in model.__args__ if getattr(arg, "model_fields", None) or getattr(arg, "__args__", 0)
            ]
            if not models:
                break
            model = models[-1]
    return list(getattr(model, "model_fields", {}))
