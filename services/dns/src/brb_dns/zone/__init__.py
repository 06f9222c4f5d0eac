"""What the zone holds and what a name in it means. Pure: no sockets, no database."""
