"""The study shallow: see README.md beside this file."""
