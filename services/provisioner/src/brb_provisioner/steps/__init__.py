"""The steps of a pass, one concern a file. `reconcile.py` says in which order they run."""
