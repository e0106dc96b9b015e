"""Studies that train no large network write the same bytes on other processors: other kernels, other vector units.

OpenBLAS, PyTorch and NumPy choose their kernels by the processor; environment variables choose those of an older one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from tests.conftest import copy_params

from reprise.config import set_value

OLDER, NEWER = (
    {"OPENBLAS_CORETYPE": "Sandybridge", "ATEN_CPU_CAPABILITY": "default"},
    {"OPENBLAS_CORETYPE": "Haswell", "ATEN_CPU_CAPABILITY": "avx2"},
)
USED = """
import json, numpy, torch, threadpoolctl
numpy.ones((2, 2)) @ numpy.ones((2, 2))
kernels = [each["architecture"] for each in threadpoolctl.threadpool_info() if each["internal_api"] == "openblas"]
print(json.dumps([kernels, torch.backends.cpu.get_cpu_capability()]))
"""


def used(kernels: dict[str, str]) -> list:
    """The kernels that OpenBLAS and PyTorch really take when they are asked for these."""
    run = subprocess.run([sys.executable, "-c", USED], env=os.environ | kernels, capture_output=True, text=True)
    return json.loads(run.stdout) if run.returncode == 0 else []


@pytest.fixture(scope="module")
def kernels():
    found = [used(OLDER), used(NEWER)]
    expected = [[["Sandybridge"], "DEFAULT"], [["Haswell"], "AVX2"]]
    if [[sorted({*each[0]}), each[1]] for each in found if each] != expected:
        pytest.skip(f"this processor, or this build of OpenBLAS and PyTorch, has no two kernels: {found}")
    return OLDER, NEWER


@pytest.mark.parametrize("study", ["initialisation", "regularisation", "shallow"])
def test_evidence_and_figures_are_the_same_bytes_under_another_processors_kernels(kernels, study, tmp_path):
    written = []
    for place, chosen in enumerate(kernels):
        folder = tmp_path / str(place)
        copy_params(folder)
        set_value(folder, "scale=smoke", "shallow.seeds=3")
        command = [sys.executable, "-m", "reprise.stages.evaluate", study]
        subprocess.run(command, cwd=folder, env=os.environ | chosen, check=True)
        evidence = folder / "data" / "evidence" / study
        written.append({str(path.relative_to(evidence)): path.read_bytes() for path in evidence.rglob("*.*")})
    first, second = written
    assert len(first) > 1
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
