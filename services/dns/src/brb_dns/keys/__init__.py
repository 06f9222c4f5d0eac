"""TSIG keys: who may change which names by RFC 2136, or transfer the zone."""
