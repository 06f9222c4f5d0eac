"""Who may do what: the decision library. Pure Python, no I/O; the authz service owns the facts, everybody decides here.

model       what there is: rules, roles, bindings, scopes, the world; requests
matching    does this rule allow this request: Kubernetes RBAC, to the letter
roles       roles with what they inherit, compiled
keys        scopes as keys
grid        scope → subject → roles: the look-up under every decision
facts       the world in memory, changed by deltas
places      which cluster and project a place is in
index       the decision: `check`
visibility  what an actor can see: 404 or 403, and lists
decisions   a decision with its reason
explain     why, who can, what can I do
coverage    do these rules cover those: Kubernetes' Covers
escalation  one grants only what one holds
dangerous   grants that are worth a warning
validation  what a role or binding must look like
impact      who gains and loses what by a change
resources   the platform's own resources and verbs
builtin     the roles that are there from the start
document    docs/contracts/roles.md
"""
