"""The study initialisation: see README.md beside this file."""
