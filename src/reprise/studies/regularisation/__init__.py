"""The study regularisation: see README.md beside this file."""
