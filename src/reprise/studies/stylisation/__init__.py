"""The study stylisation: see README.md beside this file."""
