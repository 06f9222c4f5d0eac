"""Merging a kubeconfig into another, as `kubectl config` would read them."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brb_cli.errors import CliError
from brb_cli.files import write_private

Kubeconfig = dict[str, Any]


def default_path(env: Mapping[str, str] = os.environ) -> Path:
    """The first file of $KUBECONFIG, else ~/.kube/config. Source: kubectl, "Organizing cluster access"."""
    named = [part for part in env.get("KUBECONFIG", "").split(os.pathsep) if part]
    return Path(named[0]) if named else Path(env.get("HOME", "~")).expanduser() / ".kube" / "config"


def parse_kubeconfig(text: str, where: str) -> Kubeconfig:
    import yaml

    try:
        document = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise CliError(f"{where} is not a kubeconfig: {error}", code="invalid_file") from error
    if not isinstance(document, dict):
        raise CliError(f"{where} is not a kubeconfig", code="invalid_file")
    return document


def merge_into(path: Path, added: Kubeconfig, unique: str, *, set_current: bool) -> str:
    """The context's name there. Entries of the same name are replaced if they are of the same cluster; else ours get
    `unique` as a suffix. Nothing else in the file changes.
    """
    import yaml

    present = parse_kubeconfig(path.read_text(), str(path)) if path.exists() else {}
    mine = added if _is_same_cluster(present, added) else _renamed(added, unique)
    merged: Kubeconfig = {"apiVersion": "v1", "kind": "Config", **present}
    for section in ("clusters", "users", "contexts"):
        fresh = {entry["name"]: entry for entry in mine.get(section) or []}
        kept = [entry for entry in present.get(section) or [] if entry["name"] not in fresh]
        merged[section] = [*kept, *fresh.values()]
    context = str(mine["contexts"][0]["name"])
    if set_current:
        merged["current-context"] = context
    write_private(path, yaml.safe_dump(merged, sort_keys=False))
    return context


def _is_same_cluster(present: Kubeconfig, added: Kubeconfig) -> bool:
    """Each entry of ours is either new there, or bears the address that ours has."""
    servers = {entry["name"]: entry["cluster"].get("server") for entry in added.get("clusters") or []}
    others = {entry["name"]: entry["cluster"].get("server") for entry in present.get("clusters") or []}
    contexts = {entry["name"] for entry in added.get("contexts") or []}
    foreign = [
        entry
        for entry in present.get("contexts") or []
        if entry["name"] in contexts and entry["context"].get("cluster") not in servers
    ]
    return not foreign and all(others.get(name, server) == server for name, server in servers.items())


def _renamed(kubeconfig: Kubeconfig, unique: str) -> Kubeconfig:
    def suffixed(name: str) -> str:
        return f"{name}-{unique}"

    contexts = [
        {
            "name": suffixed(entry["name"]),
            "context": {
                **entry["context"],
                "cluster": suffixed(entry["context"]["cluster"]),
                "user": suffixed(entry["context"]["user"]),
            },
        }
        for entry in kubeconfig["contexts"]
    ]
    renamed = {
        section: [{**entry, "name": suffixed(entry["name"])} for entry in kubeconfig[section]]
        for section in ("clusters", "users")
    }
    return {**renamed, "contexts": contexts}
