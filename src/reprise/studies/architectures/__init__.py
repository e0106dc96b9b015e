"""The study architectures: see README.md beside this file."""
