"""The study mixtures: see README.md beside this file."""
