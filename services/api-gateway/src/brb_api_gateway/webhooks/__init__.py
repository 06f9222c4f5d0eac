"""Signed webhooks: who is told of what happened to a project's clusters."""
