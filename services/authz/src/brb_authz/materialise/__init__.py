"""Who may do what, written down inside the clusters as their own RBAC, so that they decide while the platform is away.

facts        what is true of one cluster
rules        roles to ClusterRoles, single objects to narrow Roles
rendering    facts to the documents that should be there: one binding per role and namespace, whatever its members
namespaces   namespaces of projects, their quotas and limits
comparison   what differs between a document and what the cluster has
cluster      read, apply and prune in the cluster
repository   facts from PostgreSQL, and what came of it
reconcile    the loop's pass for one cluster
"""
