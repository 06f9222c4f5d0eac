"""Users who are disabled, and so hold nothing inside the clusters."""
