"""The study transfer: see README.md beside this file."""
