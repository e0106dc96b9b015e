"""Activations: what linear ones add, what sigmoid and rectifier do to gradients, dying units, the derivative at 0."""
