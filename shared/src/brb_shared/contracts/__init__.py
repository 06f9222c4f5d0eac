"""The messages that services exchange: one pydantic model per kind, one registry of who writes and who reads it.

Pure: no I/O, no SQLAlchemy, no NATS. Read `registry.py` for the list, `envelope.py` for what wraps each message.
"""
