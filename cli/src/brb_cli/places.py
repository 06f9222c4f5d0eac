"""Where and whom commands about access are about: options, and what the API knows them as."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Group, Parameter

from brb_cli.api import Api
from brb_cli.errors import CliError
from brb_cli.output import Json
from brb_cli.resolve import find_cluster, find_project
from brb_cli.rules import parse_resource

PLACE = Group("Place", sort_key=70)
SUBJECT = Group("Subject", sort_key=60)


@Parameter(name="*", group=PLACE)
@dataclass(frozen=True)
class Place:
    cluster: Annotated[str | None, Parameter(name="--cluster")] = None
    """Cluster: name or id."""
    project: Annotated[str | None, Parameter(name="--project")] = None
    """Project: id, or name with --cluster."""
    namespace: Annotated[str | None, Parameter(name="--namespace")] = None
    """Namespace of the cluster or project."""


@Parameter(name="*", group=SUBJECT)
@dataclass(frozen=True)
class Subject:
    user: Annotated[str | None, Parameter(name="--user")] = None
    """Id of a user; one's own: `brb whoami -o json`."""
    group: Annotated[str | None, Parameter(name="--group")] = None
    """Id of a group, such as keystone:CLOUD:PROJECT_ID or oidc:PROVIDER:GROUP."""
    service_account: Annotated[str | None, Parameter(name="--service-account")] = None
    """Id of a service account."""


PlaceOptions = Annotated[Place, Parameter(name="*")]
SubjectOptions = Annotated[Subject, Parameter(name="*")]
ANYWHERE = Place()
NOBODY = Subject()


def find_place(api: Api, given: Place) -> Json:
    """As reviews take it: ids of what was named, nothing for the platform. Raises NotFound."""
    place: Json = {"cluster_id": find_cluster(api, given.cluster).metadata.id} if given.cluster else {}
    if given.project:
        project = find_project(api, given.project, place.get("cluster_id"))
        place = {"cluster_id": project["cluster_id"], "project_id": project["id"]}
    if not given.namespace:
        return place
    if not place:
        hint = "Say --cluster or --project beside --namespace"
        raise CliError("A namespace is one of a cluster", code="missing_argument", hint=hint)
    return place | {"namespace": given.namespace}


def find_scope(api: Api, given: Place, object_: str | None = None) -> Json:
    """As bindings take it: the narrowest that was named. `object_`: RESOURCE/NAME."""
    place = find_place(api, given)
    if object_ is not None:
        return _object_scope(object_) | place
    if "namespace" in place:
        return {"level": "namespace", "cluster_id": place["cluster_id"], "namespace": place["namespace"]}
    if "project_id" in place:
        return {"level": "project", "project_id": place["project_id"]}
    return {"level": "cluster", **place} if place else {"level": "platform"}


def find_subject(given: Subject) -> Json | None:
    """Raises CliError where more than one was named."""
    ids = {"user": given.user, "group": given.group, "service-account": given.service_account}
    named = [{"kind": kind, "id": id_} for kind, id_ in ids.items() if id_ is not None]
    if len(named) > 1:
        raise CliError("Name one subject only", code="invalid_argument")
    return named[0] if named else None


def render_subject(subject: Json) -> str:
    return f"{subject['kind']}:{subject['id']}"


def render_scope(scope: Json) -> str:
    """`platform`, `cluster c-…`, `project p-…`, `namespace c-…/shop` or `object credentials/cr-…`."""
    match scope["level"]:
        case "cluster":
            return f"cluster {scope['cluster_id']}"
        case "project":
            return f"project {scope['project_id']}"
        case "namespace":
            return f"namespace {scope['cluster_id']}/{scope['namespace']}"
        case "object":
            return f"object {scope['resource']}/{scope['name']}"
    return str(scope["level"])


def _object_scope(text: str) -> Json:
    resource, slash, name = text.rpartition("/")
    if not slash or not resource or not name:
        raise CliError(f"{text!r} is not RESOURCE/NAME, such as credentials/cr-…", code="invalid_argument")
    api_group, resource = parse_resource(resource)
    return {"level": "object", "api_group": api_group, "resource": resource, "name": name}
