"""The study saliency: see README.md beside this file."""
