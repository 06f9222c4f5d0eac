"""Sign-in by OIDC: begun here, done at the issuer, finished here; for browsers and for the command line."""
