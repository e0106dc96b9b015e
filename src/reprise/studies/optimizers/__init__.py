"""Four optimizers over many learning rates, with dropout and without."""
