"""Explicit records: what they may be (`values`), whose their names are (`ownership`), and the tables (`store`)."""
