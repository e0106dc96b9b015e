"""The study connectivity: see README.md beside this file."""
