"""The audit log: an append-only table whose rows are chained by their hashes."""
