"""Errors of a zone's content.

ZoneError
├── InvalidRecord       a record set that cannot be served; says what to change
└── UnreadableSnapshot  the snapshot's file is damaged
"""


class ZoneError(ValueError):
    pass


class InvalidRecord(ZoneError):
    pass


class UnreadableSnapshot(ZoneError):
    pass
