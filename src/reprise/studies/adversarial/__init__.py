"""Small changes that deceive trained networks (claims 102 and 103)."""
