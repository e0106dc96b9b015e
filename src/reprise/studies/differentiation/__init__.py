"""The study differentiation: see README.md beside this file."""
