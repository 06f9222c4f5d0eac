"""The authoritative server: worker processes that answer from memory, and the supervisor that feeds them."""
