"""The steps of a pass: each is idempotent, and ends in None (go on) or in why the pass ends."""
