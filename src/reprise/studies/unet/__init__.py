"""The study unet: see README.md beside this file."""
