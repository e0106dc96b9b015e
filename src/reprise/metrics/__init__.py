"""Scores as pure functions of NumPy arrays."""
