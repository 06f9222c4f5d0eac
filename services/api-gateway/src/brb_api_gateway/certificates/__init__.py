"""Wildcard certificates of app names, as users see them. The dns service gets and renews them; no key comes by here."""
