"""Fixtures for every tier: real PostgreSQL and NATS."""

pytest_plugins = ["brb_shared.testing.plugin"]
