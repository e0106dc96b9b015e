"""Data sets, generated or read, and what is done to data before anything is trained."""
