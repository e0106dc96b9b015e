"""What DVC runs: one module a kind of stage, each reading files and writing files.

``python -m reprise.stages.prepare SET`` and so on; each module's import closure is what its stage depends on.
"""

import os

# Before NumPy is imported: sums on another number of threads come in another order and end in other last digits, and
# threads that spin while they wait slow down everybody on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
