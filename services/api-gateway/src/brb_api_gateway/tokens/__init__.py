"""API tokens for machines: they act for the user who made them, for as long and as far as he said."""
