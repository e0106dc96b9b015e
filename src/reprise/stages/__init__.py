"""What DVC runs: one module a kind of stage, each reading files and writing files.

``python -m reprise.stages.prepare SET`` and so on; each module's import closure is what its stage depends on.
"""
