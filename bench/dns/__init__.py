"""Our name server against NSD, Knot and PowerDNS on loopback. Entry: `python -m bench.dns`. See bench/README.md."""
