"""Bindings: who has which role where."""
