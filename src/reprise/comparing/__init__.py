"""What studies share when they compare trained variants: findings, tables, charts."""
