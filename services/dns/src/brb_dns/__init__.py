"""The dns service: the wildcard zone, records, and certificates by DNS-01."""
