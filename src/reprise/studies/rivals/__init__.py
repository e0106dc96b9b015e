"""The study rivals: see README.md beside this file."""
