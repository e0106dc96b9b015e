"""What is trained, and what is varied: one module a study."""
