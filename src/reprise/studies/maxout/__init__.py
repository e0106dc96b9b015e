"""Maxout: the function, networks of it, and what it has in common with pooling and dropout."""
