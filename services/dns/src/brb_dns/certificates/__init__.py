"""Wildcard certificates by ACME DNS-01 through this very zone: one per project and address.

`reconcile.py` is the walk, `certificate.py` what is stored of one, `ports.py` what it stands on; only the
`acme_*` modules know the ACME library.
"""
