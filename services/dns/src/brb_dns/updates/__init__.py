"""Signed DNS messages: updates (RFC 2136) and transfers (RFC 5936), verified and answered by TSIG (RFC 8945).

`messages` verifies, dispatches and signs; `update` and `transfer` do what is asked; `recording` and `refusals` are what
the audit log is told.
"""
