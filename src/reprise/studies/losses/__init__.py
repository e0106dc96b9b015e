"""The study losses: see README.md beside this file."""
