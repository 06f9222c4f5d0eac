"""Sign-in with Keystone, and the sessions that follow from it."""
