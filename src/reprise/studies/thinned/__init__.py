"""Dropout: both forms of it, thinned networks, which weights are updated, and what becomes of overfitting."""
