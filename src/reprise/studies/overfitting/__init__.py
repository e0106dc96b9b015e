"""The study overfitting: see README.md beside this file."""
