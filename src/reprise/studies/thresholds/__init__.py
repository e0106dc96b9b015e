"""The study thresholds: see README.md beside this file."""
