"""The ordered, idempotent steps of a pass. `reconcile.py` names their order; each file is one concern."""
