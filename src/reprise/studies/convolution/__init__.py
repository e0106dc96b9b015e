"""The study convolution: see README.md beside this file."""
