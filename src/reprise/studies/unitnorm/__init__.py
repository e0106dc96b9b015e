"""The study unitnorm: see README.md beside this file."""
