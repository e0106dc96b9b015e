"""The study fcn: see README.md beside this file."""
