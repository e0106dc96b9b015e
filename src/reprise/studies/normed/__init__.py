"""Batch norm: what it computes, where it may stand, which learning rates it bears, and whether it regularises."""
