"""Who may do what in the gateway: decisions from the access world in memory, changes of it through authz."""
