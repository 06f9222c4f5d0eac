"""The tree of commands. Each is imported only when it runs: the start has to be quick."""

from cyclopts import App, Parameter

DESCRIPTION = """Kubernetes clusters on OpenStack, from one command and back to nothing.

First:  brb login
Then:   brb cluster create NAME
        brb cluster kubeconfig NAME --set-current
        brb cluster delete NAME

Data goes to stdout, progress and errors to stderr.
With -o json progress is a stream of CloudEvents on stdout, one a line.

Exit codes: 0 ok, 1 error, 2 cancelled, 3 not found, 4 sign in first, 5 denied,
6 does not fit the quota, 7 timed out but still running, 8 conflict."""

_COMMANDS = "brb_cli.commands"


def build_app() -> App:
    app = App(
        name="brb",
        help=DESCRIPTION,
        help_format="plaintext",
        version_flags=["--version"],
        version=_version,
        default_parameter=Parameter(negative=(), show_default=False),
        suppress_keyboard_interrupt=False,  # `__main__` has the exit code of Ctrl-C
    )
    _add(app, "login", "login:login", "Sign in with Keystone, or at an identity provider")
    _add(app, "logout", "login:logout", "Sign out and forget the token")
    _add(app, "whoami", "login:whoami", "Who is signed in, where, and until when")
    app.command(_profiles())
    app.command(_clouds())
    app.command(_credentials())
    app.command(_tokens())
    app.command(_clusters())
    _add(app, "apply", "apply:apply", "Make clusters be as files say; shows what differs")
    _add(app, "wait", "wait:wait", "Wait for a cluster to be Ready, or gone")
    app.command(_dns())
    app.command(_certificates())
    app.command(_webhooks())
    app.command(_users())
    app.command(_identity_providers())
    app.command(_roles())
    app.command(_bindings())
    app.command(_projects())
    app.command(_namespaces())
    app.command(_access())
    app.command(_audit())
    _add(app, "doctor", "doctor:doctor", "Check what is needed for brb to work")
    _add(app, "completion", "completion:completion", "A completion script for bash, zsh or fish")
    app.command(f"{_COMMANDS}.completion:complete", name="__words", show=False)
    return app


def _profiles() -> App:
    app = App(name="profile", help="Profiles of the configuration file")
    _add(app, "list", "profile:list_profiles", "The profiles")
    _add(app, "use", "profile:use_profile", "Make a profile the current one")
    return app


def _clouds() -> App:
    app = App(name="cloud", help="Clouds, and what can be chosen in them")
    _add(app, "list", "cloud:list_clouds", "The clouds that one can sign in to")
    _add(app, "choices", "cloud:show_choices", "Flavors, images, networks, versions and quotas")
    return app


def _credentials() -> App:
    app = App(name="credential", help="Application credentials that clusters use")
    _add(app, "create", "credential:create_credential", "Make one, or hand one over")
    _add(app, "list", "credential:list_credentials", "The project's credentials")
    _add(app, "delete", "credential:delete_credential", "Delete one")
    return app


def _tokens() -> App:
    app = App(name="token", help="API tokens for machines")
    _add(app, "create", "token:create_token", "Make one; it is shown once")
    _add(app, "list", "token:list_tokens", "Your API tokens")
    _add(app, "revoke", "token:revoke_token", "End one at once")
    return app


def _clusters() -> App:
    app = App(name="cluster", help="Clusters")
    _add(app, "create", "cluster_create:create_cluster", "Make a cluster and wait until it is Ready")
    _add(app, "list", "cluster:list_clusters", "The project's clusters")
    _add(app, "show", "cluster:show_cluster", "One cluster: conditions and machines")
    _add(app, "watch", "cluster:watch_cluster", "Follow a cluster as it changes")
    _add(app, "scale", "cluster_change:scale_cluster", "Change the quantity of a machine pool")
    _add(app, "update", "cluster_change:update_cluster", "Change labels or deletion protection")
    _add(app, "kubeconfig", "kubeconfig:kubeconfig", "A kubeconfig of your own for a cluster")
    _add(app, "delete", "cluster_delete:delete_cluster", "Remove a cluster and all that was made for it")
    _add(app, "events", "cluster:list_events", "The timeline of a cluster")
    _add(app, "retry", "cluster_change:retry_cluster", "Try again now, after the cause of a failure is gone")
    _add(app, "runs", "cluster:list_runs", "What the installer ran on the machines, and the output")
    return app


def _certificates() -> App:
    app = App(name="certificate", help="TLS certificates of app names")
    _add(app, "list", "certificate:list_certificates", "The certificates of the project's app names")
    _add(app, "show", "certificate:show_certificate", "One certificate, and what is being waited for")
    _add(app, "create", "certificate:create_certificate", "Have one for the app names of an address")
    _add(app, "delete", "certificate:delete_certificate", "Revoke and delete one")
    return app


def _dns() -> App:
    app = App(name="dns", help="Host names of your own in the platform's zone")
    _add(app, "list", "dns:list_records", "The project's records")
    _add(app, "show", "dns:show_record", "One record")
    _add(app, "create", "dns:create_record", "Add a record; answered within a second")
    _add(app, "delete", "dns:delete_record", "Delete one")
    _add(app, "zone", "dns:show_zone", "Which names lead where by themselves, and which can be taken")
    keys = App(name="key", help="TSIG keys for lego, cert-manager, external-dns and nsupdate")
    _add(keys, "create", "dns:create_key", "Make one; its secret is shown once")
    _add(keys, "list", "dns:list_keys", "The project's keys")
    _add(keys, "delete", "dns:delete_key", "Delete one; what came by it stays")
    app.command(keys)
    return app


def _webhooks() -> App:
    app = App(name="webhook", help="Signed webhooks: who is told of what happens")
    _add(app, "create", "webhook:create_webhook", "Register one; its signing secret is shown once")
    _add(app, "list", "webhook:list_webhooks", "The project's webhooks")
    _add(app, "update", "webhook:update_webhook", "Change, enable or disable one")
    _add(app, "delete", "webhook:delete_webhook", "Delete one and its deliveries")
    _add(app, "deliveries", "webhook:list_deliveries", "What became of each delivery")
    _add(app, "redeliver", "webhook:redeliver", "Deliver again")
    return app


def _users() -> App:
    app = App(name="user", help="Users, for administrators")
    _add(app, "list", "user:list_users", "Who has ever signed in")
    _add(app, "disable", "user:disable_user", "End all that is a user's, and let him in no more")
    _add(app, "enable", "user:enable_user", "Let a user sign in again")
    return app


def _identity_providers() -> App:
    app = App(name="identity-provider", help="Where people sign in, for administrators")
    _add(app, "list", "identity_provider:list_identity_providers", "Issuers, Keystones, and the break-glass user")
    _add(app, "create", "identity_provider:create_identity_provider", "Add an OIDC issuer")
    _add(app, "disable", "identity_provider:disable_identity_provider", "Let nobody sign in by it any more")
    _add(app, "enable", "identity_provider:enable_identity_provider", "Let people sign in by it again")
    _add(app, "delete", "identity_provider:delete_identity_provider", "Remove an OIDC issuer")
    return app


def _roles() -> App:
    app = App(name="role", help="Roles: what can be given to somebody")
    _add(app, "list", "role:list_roles", "The roles, built-in ones among them")
    _add(app, "show", "role:show_role", "One role and its rules")
    _add(app, "create", "role:create_role", "Make a role")
    _add(app, "update", "role:update_role", "Change a role, for all who have it")
    _add(app, "delete", "role:delete_role", "Delete a role that nobody has")
    return app


def _bindings() -> App:
    app = App(name="binding", help="Role bindings: who has which role where")
    _add(app, "list", "binding:list_bindings", "Who has which role, at a place or of a subject")
    _add(app, "create", "binding:create_binding", "Give somebody a role")
    _add(app, "update", "binding:update_binding", "Change the role, or who has it")
    _add(app, "delete", "binding:delete_binding", "Take a role back")
    return app


def _projects() -> App:
    app = App(name="project", help="Projects: groups of namespaces with members and quotas")
    _add(app, "list", "project:list_projects", "The projects that you may see")
    _add(app, "show", "project:show_project", "One project and its quotas")
    _add(app, "create", "project:create_project", "Make a project in a cluster")
    _add(app, "update", "project:update_project", "Change names, quotas and limits")
    _add(app, "delete", "project:delete_project", "Delete a project that has no namespaces")
    return app


def _namespaces() -> App:
    app = App(name="namespace", help="Namespaces of projects")
    _add(app, "list", "namespace:list_namespaces", "The namespaces of a cluster that are in projects")
    _add(app, "create", "namespace:create_namespace", "Make a namespace in a project")
    _add(app, "update", "namespace:update_namespace", "Move a namespace to another project, or change its quota")
    _add(app, "delete", "namespace:delete_namespace", "Delete a namespace and everything in it")
    return app


def _access() -> App:
    app = App(name="access", help="Who may do what, and why")
    _add(app, "can", "access:can", "May you, or somebody else, do something")
    _add(app, "who-can", "access:who_can", "Who may do something")
    _add(app, "rules", "access:list_rules", "All that you may do at a place")
    return app


def _audit() -> App:
    app = App(name="audit", help="The audit log: who changed what, and who was denied")
    _add(app, "list", "audit:list_entries", "Entries, newest first")
    _add(app, "export", "audit:export", "The log as JSON lines")
    _add(app, "verify", "audit:verify", "Recompute the chain of hashes, and say what was tampered with")
    return app


def _add(app: App, name: str, target: str, summary: str) -> None:
    app.command(f"{_COMMANDS}.{target}", name=name, help=summary)


def _version() -> str:
    from importlib.metadata import version

    return f"brb {version('brb-cli')}"
