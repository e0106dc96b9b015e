"""The study pixels: see README.md beside this file."""
