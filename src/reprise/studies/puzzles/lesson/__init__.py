"""The puzzles' formulas, one module each."""
