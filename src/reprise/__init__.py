"""Reprise re-runs deep-learning folklore: each claim ends as a verdict with its evidence and interval."""

from typing import Any


def __getattr__(name: str) -> Any:
    if name == "__version__":  # asked of the installed package, and only when somebody wants it
        from importlib.metadata import version

        return version("reprise")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
