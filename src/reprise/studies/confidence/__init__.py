"""The study confidence: see README.md beside this file."""
