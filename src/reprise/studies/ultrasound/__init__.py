"""The study ultrasound: see README.md beside this file."""
