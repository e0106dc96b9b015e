"""Reprise re-runs deep-learning folklore: each claim ends as a verdict with its evidence and interval."""
