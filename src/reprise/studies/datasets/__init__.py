"""The study datasets: see README.md beside this file."""
