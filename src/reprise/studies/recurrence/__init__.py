"""The study recurrence: see README.md beside this file."""
