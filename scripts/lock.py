"""Writes requirements.lock from pyproject.toml: pinned, with hashes, without index addresses.

torch stays out, and the CUDA libraries that some of its builds bring: the platform's own index decides on those, and
`make setup` installs torch first.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = re.compile(r"^(torch|triton|nvidia-.*|cuda-.*)==")


def compile_lock(*extra: str) -> str:
    """What uv resolves for Python 3.11 and newer on every platform."""
    command = [
        *(sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--universal"),
        *("--extra", "dev", "--extra", "cluster"),
        *("--python-version", "3.11", "--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--no-header"),
        *("--quiet", *extra),
    ]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def main() -> None:
    """Resolves twice: once to learn what torch brings, once with hashes and without it."""
    torch = re.search(r"^TORCH \?= (\S+)$", (ROOT / "Makefile").read_text(), re.M).group(1)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraint:
        constraint.write(torch + "\n")
        constraint.flush()
        names = [
            line.split("==")[0] for line in compile_lock("-c", constraint.name).splitlines() if LEFT_OUT.match(line)
        ]
        skip = [word for name in sorted(set(names)) for word in ("--no-emit-package", name)]
        text = compile_lock("-c", constraint.name, "--generate-hashes", *skip)
    (ROOT / "requirements.lock").write_text(text)
    count = len(re.findall(r"^[a-z].*==", text, re.M))
    print(f"requirements.lock: {count} packages; left out: {', '.join(sorted(set(names)))}")


if __name__ == "__main__":
    main()
