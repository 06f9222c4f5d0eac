"""The clouds that are registered, and what can be chosen in them."""
