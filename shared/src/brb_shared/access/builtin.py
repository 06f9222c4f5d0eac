"""The roles that are there from the start. This table is the truth; docs/contracts/roles.md is made from it.

Each says what it allows in the platform (api group brb.io) and, for the roles of clusters and projects, what it allows
inside the clusters. Inside, read-only, project-member and project-owner are what Kubernetes' own view, edit and admin
are: members run workloads and read secrets, owners also give roles, nobody of them changes quotas. An owner inherits
what a member has, and a member what a reader has: so each can make others what he is himself, or less.
"""

from collections.abc import Iterable

from brb_shared.access.model import ALL, GROUP, Context, Role, Rule
from brb_shared.access.resources import EVERY, READ, WRITE

KUBERNETES_EVERY = (*EVERY, "deletecollection")
RBAC = "rbac.authorization.k8s.io"


def platform(verbs: Iterable[str], *resources: str) -> Rule:
    """A rule about resources of the platform."""
    return Rule(tuple(verbs), (GROUP,), resources)


def inside(verbs: Iterable[str], group: str, *resources: str) -> Rule:
    """A rule about resources in a cluster."""
    return Rule(tuple(verbs), (group,), resources)


EVERYTHING = (Rule((ALL,), (ALL,), (ALL,)), Rule((ALL,), non_resource_urls=(ALL,)))

# --- inside a namespace ----------------------------------------------------------------------------------------------

CORE = ("configmaps", "endpoints", "persistentvolumeclaims", "pods", "replicationcontrollers", "services")
APPS = ("daemonsets", "deployments", "replicasets", "statefulsets")
APPS_STATUS = ("daemonsets/status", "deployments/status", "replicasets/status", "statefulsets/status")
SCALES = ("deployments/scale", "replicasets/scale", "statefulsets/scale")
NETWORKING = ("ingresses", "networkpolicies")

LOOK = (
    inside(READ, "", *CORE, "serviceaccounts", "bindings", "events", "limitranges", "namespaces", "resourcequotas"),
    inside(READ, "", "persistentvolumeclaims/status", "pods/log", "pods/status", "services/status"),
    inside(READ, "", "namespaces/status", "replicationcontrollers/scale", "resourcequotas/status"),
    inside(READ, "apps", *APPS, *APPS_STATUS, *SCALES, "controllerrevisions"),
    inside(READ, "autoscaling", "horizontalpodautoscalers", "horizontalpodautoscalers/status"),
    inside(READ, "batch", "cronjobs", "cronjobs/status", "jobs", "jobs/status"),
    inside(READ, "networking.k8s.io", *NETWORKING, "ingresses/status"),
    inside(READ, "policy", "poddisruptionbudgets", "poddisruptionbudgets/status"),
    inside(READ, "discovery.k8s.io", "endpointslices"),
    inside(READ, "events.k8s.io", "events"),
    inside(READ, "metrics.k8s.io", "pods"),
)
RUN = (
    inside((*WRITE, "deletecollection"), "", *CORE, "serviceaccounts"),
    inside(KUBERNETES_EVERY, "", "secrets"),
    inside(("create", "get"), "", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "services/proxy"),
    inside(("create",), "", "pods/eviction", "serviceaccounts/token"),
    inside(("update", "patch"), "", "pods/ephemeralcontainers", "replicationcontrollers/scale"),
    inside(("impersonate",), "", "serviceaccounts"),
    inside((*WRITE, "deletecollection"), "apps", *APPS),
    inside(("update", "patch"), "apps", *SCALES),
    inside((*WRITE, "deletecollection"), "autoscaling", "horizontalpodautoscalers"),
    inside((*WRITE, "deletecollection"), "batch", "cronjobs", "jobs"),
    inside((*WRITE, "deletecollection"), "networking.k8s.io", *NETWORKING),
    inside((*WRITE, "deletecollection"), "policy", "poddisruptionbudgets"),
    inside(KUBERNETES_EVERY, "coordination.k8s.io", "leases"),
)
GIVE = (
    inside(KUBERNETES_EVERY, RBAC, "roles", "rolebindings"),
    inside(("create",), "authorization.k8s.io", "localsubjectaccessreviews"),
)

# --- the table -------------------------------------------------------------------------------------------------------

BUILT_INS = (
    Role("platform-admin", "Platform administrator", Context.GLOBAL, EVERYTHING, builtin=True),
    Role(  # everybody who has signed in
        "user",
        "User: makes clusters, and what belongs to his own cloud project",
        Context.GLOBAL,
        (
            platform(("create",), "clusters"),
            platform(READ, "catalogs", "charts", "clouds", "zones", "sessions"),
            platform(("get",), "clouds/choices"),
            # of these nobody sees more than those of his own cloud project, or his own: their owner filters the rows
            platform(EVERY, "credentials", "webhooks", "certificates", "dnsrecords", "dnskeys"),
            platform(("get", "list", "create"), "webhooks/deliveries"),
            platform(("get", "list", "create", "delete"), "apitokens"),
            platform(("delete",), "sessions"),
        ),
        builtin=True,
    ),
    Role(
        "object-owner",
        "Owner of a single thing: credential, webhook or catalog",
        Context.GLOBAL,
        (
            platform(EVERY, "credentials", "webhooks", "catalogs"),
            platform(READ, "charts"),
            platform(("get", "list", "create"), "webhooks/deliveries"),
        ),
        builtin=True,
    ),
    Role(
        "auditor",
        "Auditor: reads the audit log, and who has which role",
        Context.GLOBAL,
        (
            platform(READ, "auditlogs", "events", "roles", "members", "users"),
            platform(("create",), "accessreviews"),
        ),
        builtin=True,
    ),
    Role(
        "catalog-manager",
        "Catalog manager",
        Context.GLOBAL,
        (platform(EVERY, "catalogs"), platform(READ, "charts")),
        builtin=True,
    ),
    Role("cluster-owner", "Cluster owner", Context.CLUSTER, EVERYTHING, builtin=True),
    Role(
        "cluster-member",
        "Cluster member: sees the cluster and makes projects in it",
        Context.CLUSTER,
        (
            platform(READ, "clusters", "clusters/events", "machinepools", "nodes"),
            platform(("create",), "clusters/kubeconfigs", "projects"),
            inside(READ, "", "nodes", "namespaces", "persistentvolumes"),
            inside(READ, "storage.k8s.io", "storageclasses"),
            inside(READ, "networking.k8s.io", "ingressclasses"),
            inside(READ, "apiextensions.k8s.io", "customresourcedefinitions"),
            inside(READ, "metrics.k8s.io", "nodes"),
        ),
        builtin=True,
    ),
    Role(
        "cluster-viewer",
        "Cluster viewer: sees everything in the cluster but secrets",
        Context.CLUSTER,
        (platform(READ, "clusters/runs", "snapshots", "restores", "kubeconfigs"),),
        inherits=("cluster-member", "read-only"),
        builtin=True,
    ),
    Role(
        "nodes-manager",
        "Nodes manager: scales the cluster, drains and replaces nodes",
        Context.CLUSTER,
        (
            platform(READ, "clusters", "clusters/events", "clusters/runs"),
            platform(EVERY, "machinepools", "nodes"),
            platform(("create",), "clusters/retries"),
            inside(READ, "", "nodes"),
        ),
        builtin=True,
    ),
    Role(
        "backups-manager",
        "Backups manager: saves cluster states and goes back to them",
        Context.CLUSTER,
        (
            platform(READ, "clusters", "clusters/events"),
            platform(EVERY, "snapshots"),
            platform(("get", "list", "watch", "create"), "restores"),
        ),
        builtin=True,
    ),
    Role(
        "project-owner",
        "Project owner: everything in the project, and who is in it",
        Context.PROJECT,
        (
            platform(("update", "patch", "delete"), "projects"),
            platform(WRITE, "namespaces", "members"),
            *GIVE,
        ),
        inherits=("project-member",),
        builtin=True,
    ),
    Role(
        "project-member",
        "Project member: runs applications in the project",
        Context.PROJECT,
        (
            platform(WRITE, "apps", "certificates", "dnsrecords", "projectalerts", "notifiers"),
            *RUN,
        ),
        inherits=("read-only",),
        builtin=True,
    ),
    Role(
        "read-only",
        "Reader: sees the project, but no secrets",
        Context.PROJECT,
        (
            platform(READ, "projects", "namespaces", "members", "apps", "certificates", "dnsrecords"),
            platform(READ, "projectalerts", "notifiers", "events"),
            platform(("create",), "clusters/kubeconfigs"),
            *LOOK,
        ),
        builtin=True,
    ),
)
