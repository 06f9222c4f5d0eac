"""Restricted application credentials: made or taken, sealed at rest, handed to the workers only."""
