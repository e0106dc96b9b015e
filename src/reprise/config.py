"""The params files -> frozen, strict models.

``params.yaml`` holds what all studies share; ``pipelines/NAME/params.yaml`` what the study NAME can turn, checked by
the ``Config`` in its ``settings.py``. Each holds every scale.

Unknown keys are refused by name, with the nearest valid one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML

from reprise.files import write_text
from reprise.registry import import_dataset, import_part, known_datasets, known_studies, named_studies, nearest
from reprise.settings import SCALES, SOURCES, DataConfig, Strict, TrainingConfig, resolve
from reprise.yaml_files import YamlError, check_yaml, parse_yaml, read_text

COMMON = ("scale", "data", "training")
PARAMS = "params.yaml"
DEEPEST = 20  # levels of a params file: an alias can point to what holds it


class ConfigError(ValueError):
    """Something in a params file is not as it must be; the message names the file, the key and what to do."""


@dataclass(frozen=True)
class Params:
    """The params files of one checkout: the common part read and checked at once, each study when it is asked for."""

    root: Path
    scale: str
    data: DataConfig
    training: TrainingConfig
    raw: dict[str, Any]  # the common part, resolved for the scale
    texts: dict[Path, str]  # what files are to hold that are not written yet

    @property
    def studies(self) -> list[str]:
        """The names of all studies that have parameters here, sorted."""
        return named_studies(self.root)

    def study(self, name: str) -> Any:
        """The validated ``Config`` of one study.

        Raises:
            ConfigError: there is no such study, or its params.yaml is not valid.
        """
        path = study_params(self.root, name)
        if name not in known_studies():
            raise ConfigError(f"{path}: no study {name!r}{nearest(name, known_studies())}")
        raw = resolve(_read(path, self.texts.get(path)), self.scale, self.data.source)
        return _validate(import_part(name, "settings").Config, raw, path)

    @property
    def datasets(self) -> list[str]:
        """The names of all data sets, in the file's order."""
        return list(self.data.model_extra or {})

    def dataset(self, name: str) -> Any:
        """The validated ``Config`` of one data set, the section ``data.NAME``.

        Raises:
            ConfigError: params.yaml has no such section, or the section is not valid.
        """
        path = self.root / PARAMS
        if name not in self.datasets:
            raise ConfigError(f"{path}: data: no data set {name!r}{nearest(name, self.datasets)}")
        return _validate(import_dataset(name).Config, self.raw["data"][name], path, f"data.{name}")

    def check(self) -> None:
        """Validates every section, data sets and studies alike."""
        for name in self.datasets:
            self.dataset(name)
        for name in self.studies:
            self.study(name)


def load(root: Path | str = ".", texts: dict[Path, str] | None = None) -> Params:
    """Reads params.yaml and validates what all studies share.

    Args:
        root: the folder that holds it.
        texts: what some params files are to hold, where that is not written yet.

    Raises:
        ConfigError: the file is missing, not YAML, or holds an unknown key or a value of the wrong kind.
    """
    root, texts = Path(root), texts or {}
    path = root / PARAMS
    raw = _read(path, texts.get(path))
    for name in set(raw) - set(COMMON):
        where = f"; a study's parameters stand in pipelines/{name}/{PARAMS}" if name in known_studies() else ""
        raise ConfigError(f"{path}: unknown key {name!r}{where or nearest(name, COMMON)}")
    scale = raw.get("scale")
    if scale not in SCALES:
        raise ConfigError(f"{path}: scale: found {scale!r}, expected one of {', '.join(SCALES)}")
    found = raw.get("data")
    source = found.get("source", SOURCES[0]) if isinstance(found, dict) else SOURCES[0]
    resolved = resolve(raw, scale, source if source in SOURCES else SOURCES[0])
    data = _validate(DataConfig, resolved.get("data", {}), path, "data")
    for name in data.model_extra or {}:
        if name not in known_datasets():
            raise ConfigError(f"{path}: data: unknown key {name!r}{nearest(name, ['source', *known_datasets()])}")
    training = _validate(TrainingConfig, resolved.get("training", {}), path, "training")
    return Params(root, scale, data, training, resolved, texts)


def study_params(root: Path, name: str) -> Path:
    """The params file of a study."""
    return root / "pipelines" / name / PARAMS


def set_value(root: Path, *assignments: str) -> list[Path]:
    """Writes each ``KEY=VALUE`` into the file that holds the key, keeping its comments and layout.

    ``data.source=real`` is a key of params.yaml, ``rotation.base.epochs=3`` one of pipelines/rotation/params.yaml.

    Returns:
        The files that were written.

    Raises:
        ConfigError: an assignment has no ``=``, a key does not exist, or a file would no longer be valid; then
            nothing is written.
    """
    yaml = YAML()
    yaml.preserve_quotes, yaml.width = True, 120
    documents: dict[Path, Any] = {}
    for assignment in assignments:
        if "=" not in assignment:
            raise ConfigError(f"{assignment!r}: expected KEY=VALUE, for example data.source=real")
    for assignment in assignments:
        key, _, value = assignment.partition("=")
        first, _, rest = key.partition(".")
        own = first not in COMMON and study_params(root, first).is_file()
        path = study_params(root, first) if own else root / PARAMS
        if path not in documents:
            documents[path] = _editable(yaml, path)
        if not own and first not in COMMON:
            raise ConfigError(f"no key {key!r}{nearest(first, [*COMMON, *known_studies()])}")
        _put(documents[path], rest if own else key, _parse(value, assignment), path, key)
    texts = {path: _dumped(yaml, document, _text(path)) for path, document in documents.items()}
    load(root, texts).check()
    for path, text in texts.items():
        write_text(path, text)
    return list(texts)


def _editable(yaml: YAML, path: Path) -> Any:
    """The document with its comments."""
    text = _text(path)
    try:
        check_yaml(text, str(path))
    except YamlError as error:
        raise ConfigError(str(error)) from None
    return yaml.load(text)


def _put(document: Any, key: str, value: Any, path: Path, named: str) -> None:
    node, holder, leaf = document, None, ""
    for leaf in key.split("."):
        if not isinstance(node, dict) or leaf not in node:
            valid = list(node) if isinstance(node, dict) else []
            raise ConfigError(f"{path}: no key {named!r}{nearest(leaf, valid)}")
        holder, node = node, node[leaf]
    if holder is None:
        raise ConfigError(f"{path}: {named!r} is a whole file; name a key in it{nearest('', list(document))}")
    _check_plain(value, named)
    holder[leaf] = value


def _dumped(yaml: YAML, document: Any, before: str) -> str:
    """The document as text, with the line ends that the file had before."""
    stream = StringIO()
    yaml.dump(document, stream)
    text = stream.getvalue().replace("\r\n", "\n")
    return text.replace("\n", "\r\n") if "\r\n" in before else text


def _text(path: Path) -> str:
    try:
        return read_text(path)
    except FileNotFoundError:
        raise ConfigError(f"{path} is missing: run this in the folder that holds params.yaml") from None
    except YamlError as error:
        raise ConfigError(str(error)) from None


def _read(path: Path, text: str | None = None) -> dict[str, Any]:
    raw = _parse(_text(path) if text is None else text, path)
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: expected a mapping of sections, found {type(raw).__name__}")
    _check_plain(raw, str(path))
    return raw


def _parse(text: str, where: Path | str) -> Any:
    try:
        return parse_yaml(text, str(where))
    except YamlError as error:
        raise ConfigError(str(error)) from None


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


def _validate(model: type[Strict], values: Any, path: Path, section: str = "") -> Any:
    try:
        return model.model_validate_json(json.dumps(values))
    except ValidationError as error:
        lines = [_explain(model, item, section) for item in error.errors()]
        raise ConfigError("\n".join(f"{path}: {line}" for line in lines)) from None


def _explain(model: type[Strict], item: Any, section: str) -> str:
    where = ".".join(filter(None, [section, *(str(part) for part in item["loc"])]))
    if item["type"] == "extra_forbidden":
        *parents, key = item["loc"]
        return f"{where}: unknown key{nearest(str(key), _fields(model, parents))}"
    if item["type"] == "missing":
        return f"{where}: missing; give it a value"
    return f"{where or 'the whole file'}: found {item['input']!r}: {item['msg']}"


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
