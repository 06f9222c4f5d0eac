"""flannel, from its release's manifest. Pure."""

import copy
import json
from collections.abc import Sequence
from typing import Any

from brb_installer.addons.images import containers_of, with_our_repository
from brb_installer.settings import Settings

Document = dict[str, Any]


def render_flannel(upstream: Sequence[Document], settings: Settings, pod_cidr: str) -> tuple[Document, ...]:
    """With this cluster's pod network and our images."""
    return tuple(_adapted(document, settings, pod_cidr) for document in upstream)


def _adapted(document: Document, settings: Settings, pod_cidr: str) -> Document:
    document = copy.deepcopy(document)
    match document["kind"]:
        case "ConfigMap":
            network = json.loads(document["data"]["net-conf.json"])
            document["data"]["net-conf.json"] = json.dumps(network | {"Network": pod_cidr})
        case "DaemonSet":
            for container in containers_of(document):
                container["image"] = with_our_repository(container["image"], settings)
    return document
