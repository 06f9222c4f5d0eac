"""Clusters: their public API, and the hub controller that drives them. Read `flow.py` first."""
