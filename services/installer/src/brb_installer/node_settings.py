"""Labels and taints of a Node object, as desired. Pure.

What the platform has set is remembered in an annotation, so that it can be taken back without touching what others set.
"""

import json
from collections.abc import Mapping
from typing import Any

from brb_installer.kubernetes.cluster_api import ClusterNode
from brb_shared.contracts.kubernetes import KubernetesMachine, Taint

ANNOTATION = "bigredbutton/managed"
Document = dict[str, Any]


def plan_node_patch(node: ClusterNode, machine: KubernetesMachine) -> Document | None:
    """A JSON merge patch that fails if the node has changed meanwhile; None if all is as desired."""
    managed_labels, managed_taints = _managed(node.annotations)
    labels = _label_changes(node, machine, managed_labels)
    taints = _taints(node, machine, managed_taints)
    annotation = _annotation(machine)
    if not labels and taints == node.taints and node.annotations.get(ANNOTATION, _EMPTY) == annotation:
        return None
    metadata: Document = {"resourceVersion": node.resource_version, "annotations": {ANNOTATION: annotation}}
    patch: Document = {"metadata": metadata | ({"labels": labels} if labels else {})}
    if taints != node.taints:
        patch["spec"] = {"taints": [_taint_document(taint) for taint in taints]}
    return patch


def _label_changes(node: ClusterNode, machine: KubernetesMachine, managed: frozenset[str]) -> dict[str, str | None]:
    wanted = {key: value for key, value in machine.labels.items() if node.labels.get(key) != value}
    removed = {key: None for key in managed if key not in machine.labels and key in node.labels}
    return {**wanted, **removed}


def _taints(node: ClusterNode, machine: KubernetesMachine, managed: frozenset[tuple[str, str]]) -> tuple[Taint, ...]:
    """A taint is identified by key and effect, as in Kubernetes."""
    wanted = {(taint.key, taint.effect) for taint in machine.taints}
    kept = [taint for taint in node.taints if (taint.key, taint.effect) not in managed | wanted]
    as_desired = [taint for taint in node.taints if taint in machine.taints]
    missing = [taint for taint in machine.taints if taint not in node.taints]
    unchanged = [taint for taint in node.taints if taint in kept or taint in as_desired]
    return (*unchanged, *missing)


def _annotation(machine: KubernetesMachine) -> str:
    taints = sorted([taint.key, taint.effect] for taint in machine.taints)
    return json.dumps({"labels": sorted(machine.labels), "taints": taints})


_EMPTY = json.dumps({"labels": [], "taints": []})


def _managed(annotations: Mapping[str, str]) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    try:
        document = json.loads(annotations.get(ANNOTATION, _EMPTY))
        return frozenset(document["labels"]), frozenset((key, effect) for key, effect in document["taints"])
    except (ValueError, KeyError, TypeError):
        return frozenset(), frozenset()


def _taint_document(taint: Taint) -> Document:
    document = {"key": taint.key, "effect": taint.effect}
    return document | ({"value": taint.value} if taint.value else {})
