"""The study maximisation: see README.md beside this file."""
