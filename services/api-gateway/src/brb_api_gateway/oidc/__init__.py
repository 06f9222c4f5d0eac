"""OpenID Connect, the relying party's side: from an issuer's address to who a person is. No SQL, no routes."""
