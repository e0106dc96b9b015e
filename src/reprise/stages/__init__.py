"""What DVC runs: one module a kind of stage, each reading files and writing files.

``python -m reprise.stages.prepare SET`` and so on; each module's import closure is what its stage depends on.
"""

import importlib
import os

# Before NumPy is imported: sums on another number of threads come in another order and end in other last digits, and
# threads that spin while they wait slow down everybody on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

if os.environ.get("REPRISE_WARM"):
    # by name, so that it is no dependency: it only saves time
    importlib.import_module("reprise.warm").hand_over()
