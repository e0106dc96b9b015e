"""The study puzzles: see README.md beside this file."""
