"""Projects, their namespaces, and what a cluster should have of both."""
