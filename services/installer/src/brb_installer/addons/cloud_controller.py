"""openstack-cloud-controller-manager, from its release's manifests. Pure.

Source: cloud-provider-openstack, "Using OpenStack Cloud Controller Manager", configuration reference.
"""

import copy
from collections.abc import Sequence
from typing import Any

from brb_installer.addons.images import containers_of, with_our_repository
from brb_installer.settings import Settings
from brb_shared.clouds import Cloud
from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.kubernetes import KubernetesDesired
from brb_shared.hub import CloudCredential

Document = dict[str, Any]
_CONFIG_FOLDER = "/etc/config"


def render_cloud_controller(
    upstream: Sequence[Document], settings: Settings, cluster_id: ClusterId
) -> tuple[Document, ...]:
    return tuple(_adapted(document, settings, cluster_id) for document in upstream)


def render_cloud_config_secret(desired: KubernetesDesired, cloud: Cloud, credential: CloudCredential) -> Document:
    """Holds the credential: it goes straight to the cluster's API and is not kept here."""
    data = {"cloud.conf": render_cloud_conf(desired, cloud, credential)}
    if cloud.ca_cert_file is not None:
        data["ca.crt"] = cloud.ca_cert_file.read_text()
    metadata = {"name": "cloud-config", "namespace": "kube-system"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "stringData": data}


def render_cloud_conf(desired: KubernetesDesired, cloud: Cloud, credential: CloudCredential) -> str:
    ca_file = f"ca-file={_CONFIG_FOLDER}/ca.crt\n" if cloud.ca_cert_file is not None else ""
    return f"""[Global]
auth-url={cloud.auth_url}
region={cloud.region_name}
os-endpoint-type={cloud.interface}
application-credential-id={credential.application_credential_id}
application-credential-secret={credential.application_credential_secret.get_secret_value()}
{ca_file}
[LoadBalancer]
enabled=true
lb-provider={cloud.lb_provider}
lb-method={cloud.lb_method}
subnet-id={desired.subnet_id}
network-id={desired.network_id}
floating-network-id={desired.floating_network_id}
create-monitor=false
manage-security-groups=true
max-shared-lb=1

[BlockStorage]
ignore-volume-az=true

[Metadata]
search-order=configDrive,metadataService
"""


def _adapted(document: Document, settings: Settings, cluster_id: ClusterId) -> Document:
    """Load balancers are named after the cluster's id, which no other cluster of the project has."""
    document = copy.deepcopy(document)
    for container in containers_of(document):
        container["image"] = with_our_repository(container["image"], settings)
        for variable in container.get("env", ()):
            if variable["name"] == "CLUSTER_NAME":
                variable["value"] = cluster_id
    return document
