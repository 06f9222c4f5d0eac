"""Real servers for tests: PostgreSQL and NATS from their wheels, no container engine needed."""
