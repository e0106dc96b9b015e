"""The study rotation: see README.md beside this file."""
