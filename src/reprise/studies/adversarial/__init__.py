"""The study adversarial: see README.md beside this file."""
