"""What can be turned: strict, frozen models that every study's ``Config`` and settings are built from. No torch.

A leaf of a params file that differs between scales is a mapping ``{small: .., full: ..}``, in which ``smoke`` and
``medium`` fall back to ``small``; one that differs between sources of data is a mapping ``{generated: .., real: ..}``.
They can hold each other.
"""

from __future__ import annotations

import copy
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

SCALES = ("smoke", "small", "medium", "full")
SOURCES = ("generated", "real")
VariantName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")]  # stands in stages' commands and in paths


class Strict(BaseModel):
    """Base of all configuration: immutable, no unknown keys, no silent conversions, finite numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class DataConfig(Strict):
    """Where data comes from, for every study. Further keys are data sets: ``reprise.data.NAME.Config`` checks them."""

    model_config = ConfigDict(extra="allow")

    source: Literal["generated", "real"] = "generated"  # SOURCES


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

    start: VariantName | None = Field(None, description="the variant whose networks training goes on from")
    epochs: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(0.0, ge=0)
    decay: Literal["none", "linear"] = Field("none", description="linear: the rate falls to 0 by the last step")
    clip: float | None = Field(None, gt=0, description="norm at which a network's gradient is cut")
    measure: str = Field("val_loss", description="by which the best epoch, a plateau and early stopping are told")
    better: Literal["lower", "higher"] = Field("lower", description="values of the measure")
    keeps: Literal["best", "last", "both"] = Field("best", description="weights of which epoch are kept")
    plateau_factor: float = Field(0.1, gt=0, lt=1, description="of the learning rate when the measure stalls")
    plateau_patience: int | None = Field(None, ge=0, description="epochs; null: the learning rate stays")
    least_learning_rate: float = Field(1e-6, ge=0)
    early_stopping: int | None = Field(None, ge=1, description="epochs without a better measure; null: never")

    @model_validator(mode="after")
    def _check_schedule(self) -> Settings:
        if self.decay != "none" and self.plateau_patience is not None:
            raise ValueError("decay and plateau_patience: one schedule at a time; set the other to none or null")
        return self

    @property
    def watches(self) -> bool:
        """Whether training needs the measure at all."""
        return self.keeps != "last" or self.plateau_patience is not None or self.early_stopping is not None


class ImageSettings(Settings):
    """What every variant that classifies images can turn."""

    rotation: float = Field(0.0, ge=0, le=180, description="of training images, degrees either way")
    translation: float = Field(0.0, ge=0, lt=1, description="share of the side, either way")
    flip: bool = False
    scaling: Literal["unit", "centred"] = Field("unit", description="x / 255, or (x - 128) / 128")
    protocol: Literal["held_out", "source"] = Field("held_out", description="source: validates on the test images")


Own = TypeVar("Own", bound=Settings)


class StudyConfig(Strict, Generic[Own]):
    """A study that trains: ``base`` settings and named ``variants`` that override some of them.

    Variants that go on from another's networks stand apart, under ``started``, each with a ``start``: DVC then trains
    that one first. Here ``variants`` holds both, and both come with ``base`` laid under them.
    """

    seeds: int = Field(ge=1, description="runs of each variant: seeds 0 .. seeds - 1")
    base: Own
    variants: dict[VariantName, Own]
    started: dict[VariantName, Own] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _merge(cls, values: Any) -> Any:
        if not isinstance(values, dict) or not isinstance(values.get("base"), dict):
            return values
        values = dict(values)
        for key in ("variants", "started"):
            if isinstance(values.get(key), dict):
                values[key] = {name: merge(values["base"], over or {}) for name, over in values[key].items()}
        variants, started = values.get("variants"), values.get("started")
        if isinstance(variants, dict) and isinstance(started, dict):
            _check_starts(variants, started)
            values["variants"] = variants | started
        return values


def _check_starts(variants: dict[str, Any], started: dict[str, Any]) -> None:
    """Every start exists, none leads back to itself, and what has one stands under ``started``."""
    twice = sorted(set(variants) & set(started))
    if twice:
        raise ValueError(f"started: {', '.join(twice)}: a variant has this name already")
    starts = {name: settings.get("start") if isinstance(settings, dict) else None for name, settings in started.items()}
    for name, settings in variants.items():
        if isinstance(settings, dict) and settings.get("start") is not None:
            raise ValueError(f"variants.{name}: has a start, so it belongs under `started`")
    for name, start in starts.items():
        if start not in variants and start not in started:
            raise ValueError(
                f"started.{name}.start: found {start!r}, expected one of {', '.join([*variants, *started])}"
            )
        seen = [name]
        while start in starts:
            if start in seen:
                raise ValueError(f"started: {' -> '.join([*seen, start])} leads back to itself")
            seen.append(start)
            start = starts[start]


def merge(base: Any, override: Any) -> Any:
    """``base`` with ``override`` laid over it, mapping by mapping."""
    if not (isinstance(base, dict) and isinstance(override, dict)):
        return copy.deepcopy(override)
    merged = {key: copy.deepcopy(value) for key, value in base.items()}
    for key, value in override.items():
        merged[key] = merge(merged[key], value) if key in merged else copy.deepcopy(value)
    return merged


def resolve(node: Any, scale: str, source: str) -> Any:
    """Replaces every mapping of scales by its entry for ``scale``, every mapping of sources by that for ``source``."""
    if isinstance(node, dict):
        if "small" in node and "full" in node and set(node) <= set(SCALES):
            return resolve(node.get(scale, node["small"]), scale, source)
        if set(node) == set(SOURCES):
            return resolve(node[source], scale, source)
        return {key: resolve(value, scale, source) for key, value in node.items()}
    if isinstance(node, list):
        return [resolve(value, scale, source) for value in node]
    return node
