"""Who can sign in: users, the identity providers that vouch for them, and the break-glass administrator."""
