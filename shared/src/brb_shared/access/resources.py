"""The platform's own resources, the scope each belongs to, and the verbs it knows. The api group is `brb.io`.

Every route of every service names one of them. `a/b` is the sub-resource b of a: a rule for `a` does not allow it.
"""

from dataclasses import dataclass

from brb_shared.access.model import Level

READ = ("get", "list", "watch")
WRITE = ("create", "update", "patch", "delete")
EVERY = (*READ, *WRITE)


@dataclass(frozen=True, slots=True)
class Resource:
    """`level`: the place a request about it names. `verbs`: those that mean anything for it."""

    name: str
    level: Level
    verbs: tuple[str, ...]
    text: str


RESOURCES = (
    Resource(
        "clusters", Level.CLUSTER, EVERY, "clusters: what they shall be and how they are; created at the platform"
    ),
    Resource("clusters/events", Level.CLUSTER, READ, "a cluster's timeline"),
    Resource("clusters/kubeconfigs", Level.CLUSTER, ("create",), "a kubeconfig of one's own"),
    Resource("clusters/runs", Level.CLUSTER, READ, "the installer's runs and their output"),
    Resource("clusters/retries", Level.CLUSTER, ("create",), "try again at once"),
    Resource("clusters/deletion-report", Level.CLUSTER, ("get",), "what a deletion removed"),
    Resource("clusters/resources", Level.CLUSTER, READ, "what a cluster has in the cloud"),
    Resource(
        "clusters/service-accesses", Level.CLUSTER, ("create",), "a service's own way into a cluster; services only"
    ),
    Resource("machinepools", Level.CLUSTER, EVERY, "groups of equal machines"),
    Resource(
        "nodes", Level.CLUSTER, ("get", "list", "watch", "update", "patch", "delete"), "nodes: cordon, drain, remove"
    ),
    Resource("kubeconfigs", Level.CLUSTER, ("list", "delete"), "handed out kubeconfigs: whose, and until when"),
    Resource("snapshots", Level.CLUSTER, EVERY, "saved cluster states and their schedule"),
    Resource("restores", Level.CLUSTER, ("get", "list", "watch", "create"), "going back to a snapshot"),
    Resource("projects", Level.PROJECT, EVERY, "groups of namespaces with quota and members; created in a cluster"),
    Resource("namespaces", Level.NAMESPACE, EVERY, "namespaces and their quota; created in a project"),
    Resource("members", Level.OBJECT, EVERY, "who has which role, at the scope it is asked for"),
    Resource(
        "roles", Level.PLATFORM, (*EVERY, "escalate", "bind"), "roles; escalate and bind pass the escalation guard"
    ),
    Resource("catalogs", Level.PLATFORM, EVERY, "chart repositories"),
    Resource("charts", Level.PLATFORM, READ, "charts and their versions"),
    Resource("apps", Level.NAMESPACE, EVERY, "installed charts"),
    Resource("certificates", Level.NAMESPACE, EVERY, "certificates of host names"),
    Resource("dnsrecords", Level.PROJECT, EVERY, "host names of one's own"),
    Resource("zones", Level.PLATFORM, READ, "the zones that host names are in"),
    Resource("dnskeys", Level.PLATFORM, EVERY, "keys with which host names are changed from outside"),
    Resource("projectalerts", Level.PROJECT, EVERY, "alert rules and groups"),
    Resource("notifiers", Level.PROJECT, EVERY, "where alerts are sent"),
    Resource("clouds", Level.PLATFORM, EVERY, "the clouds that clusters can be in"),
    Resource("clouds/choices", Level.PLATFORM, ("get",), "a cloud's flavors, images and networks"),
    Resource("credentials", Level.OBJECT, EVERY, "cloud credentials"),
    Resource("credentials/secret", Level.OBJECT, ("get",), "a credential's secret; services only"),
    Resource("webhooks", Level.OBJECT, EVERY, "where events are sent"),
    Resource("webhooks/deliveries", Level.OBJECT, ("get", "list", "create"), "what was sent; send again"),
    Resource("users", Level.PLATFORM, EVERY, "users and groups, as the identity providers know them"),
    Resource("serviceaccounts", Level.PLATFORM, EVERY, "accounts for machines"),
    Resource("identityproviders", Level.PLATFORM, EVERY, "where people sign in"),
    Resource("sessions", Level.OBJECT, ("get", "list", "create", "delete"), "sessions; one's own need no role"),
    Resource("sessions/cloud-project", Level.OBJECT, ("update", "delete"), "the cloud project of one's own session"),
    Resource("signinchoices", Level.PLATFORM, ("list",), "how one can sign in; open to everybody"),
    Resource("apitokens", Level.OBJECT, ("get", "list", "create", "delete"), "API tokens; one's own need no role"),
    Resource("accessreviews", Level.PLATFORM, ("create",), "asking about the rights of others"),
    Resource("auditlogs", Level.PLATFORM, READ, "who did what"),
    Resource("events", Level.PLATFORM, READ, "what happened, in everything"),
)
