"""The study encoder: see README.md beside this file."""
