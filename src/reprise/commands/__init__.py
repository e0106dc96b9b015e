"""Commands of ``reprise`` that stand in a file of their own; each imports what it needs when it runs."""
