"""Thousands of small networks of one architecture, each with its own optimizer state, learning rate, seed and dropout.

``sweep`` trains them and returns one tidy table. On a GPU, and where they are very small, their parameters are stacked
and they train as one; else, on a CPU, where stacking loses, each trains alone, one process a core. Either way a network
ends as if it had been trained alone: its first weights, its batches and its dropout masks follow from its seed.
"""

from reprise.sweep.networks import Network, grid
from reprise.sweep.run import sweep

__all__ = ["Network", "grid", "sweep"]
