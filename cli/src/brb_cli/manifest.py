"""Files of clusters, and what differs between a file and a cluster. Pure, but for reading the files."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brb_cli.errors import CliError

Json = dict[str, Any]
_IGNORED = frozenset({"status", "kind", "api_version", "apiVersion"})
_BY_NAME = "machine_pools"


@dataclass(frozen=True)
class Manifest:
    """What a file declares of one cluster."""

    name: str
    labels: dict[str, Any]
    spec: Json
    where: str

    def body(self) -> Json:
        """Of POST /v1/clusters."""
        labels = {"labels": self.labels} if self.labels else {}
        return {"metadata": {"name": self.name, **labels}, "spec": self.spec}


@dataclass(frozen=True)
class Difference:
    path: str
    before: Any
    after: Any

    def render(self) -> str:
        return f"~ {self.path}: {_short(self.before)} → {_short(self.after)}"

    def document(self) -> Json:
        return {"path": self.path, "before": self.before, "after": self.after}


def load_manifests(files: tuple[str, ...]) -> list[Manifest]:
    """All documents of all files (`-`: stdin). Raises CliError for what is not a cluster, and for a name used twice."""
    manifests = [manifest for file in files for manifest in _load(file)]
    names = [manifest.name for manifest in manifests]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise CliError(f"{twice[0]} is declared twice", code="invalid_file")
    if not manifests:
        raise CliError("The files declare nothing", code="invalid_file")
    return manifests


def find_differences(manifest: Manifest, cluster: Json) -> list[Difference]:
    """Only what the file declares counts: what it does not name is left as it is."""
    declared: Json = {"spec": manifest.spec} | ({"metadata": {"labels": manifest.labels}} if manifest.labels else {})
    return list(_differences(declared, cluster, ""))


def render_patch(manifest: Manifest, cluster: Json) -> Json | None:
    """The merge patch that makes the cluster as declared; None where it is."""
    differences = find_differences(manifest, cluster)
    if not differences:
        return None
    touched = {difference.path.split(".")[1].split("[")[0] for difference in differences if _is_spec(difference)}
    spec = {key: _merged_pools(value, cluster) if key == _BY_NAME else value for key, value in manifest.spec.items()}
    patch: Json = {"spec": {key: value for key, value in spec.items() if key in touched}} if touched else {}
    if any(not _is_spec(difference) for difference in differences):
        patch["metadata"] = {"labels": manifest.labels}
    return patch


def _is_spec(difference: Difference) -> bool:
    return difference.path.startswith("spec.")


def _merged_pools(pools: list[Json], cluster: Json) -> list[Json]:
    """Lists are replaced whole: what a declared pool does not name is filled in from the pool as it is."""
    present = {pool["name"]: pool for pool in cluster["spec"].get(_BY_NAME, [])}
    return [{**present.get(pool["name"], {}), **pool} for pool in pools]


def _differences(declared: Any, present: Any, path: str) -> Iterator[Difference]:
    if isinstance(declared, dict) and isinstance(present, dict):
        for key, value in declared.items():
            inner = f"{path}.{key}" if path else key
            if key == _BY_NAME:
                yield from _pool_differences(value, present.get(key) or [], inner)
            else:
                yield from _differences(value, present.get(key), inner)
    elif declared != present:
        yield Difference(path, present, declared)


def _pool_differences(declared: list[Json], present: list[Json], path: str) -> Iterator[Difference]:
    """By name: the order of pools means nothing. A pool that is not declared goes."""
    there = {pool["name"]: pool for pool in present}
    for pool in declared:
        inner = f"{path}[{pool['name']}]"
        if pool["name"] in there:
            yield from _differences(pool, there.pop(pool["name"]), inner)
        else:
            yield Difference(inner, None, pool)
    for name, pool in there.items():
        yield Difference(f"{path}[{name}]", pool, None)


def _load(file: str) -> Iterator[Manifest]:
    import yaml

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text()
        documents = [document for document in yaml.safe_load_all(text) if document is not None]
    except (OSError, yaml.YAMLError) as error:
        raise CliError(f"{file} cannot be read: {error}", code="invalid_file") from error
    for index, document in enumerate(documents, start=1):
        yield parse_manifest(document, f"{file}, document {index}")


def parse_manifest(document: Any, where: str) -> Manifest:
    """`{metadata: {name}, spec}`, or short `{name, spec}`. What only an answer has (status, ids) is passed over."""
    if not isinstance(document, dict):
        raise CliError(f"{where}: not a mapping", code="invalid_file")
    if document.get("kind", "Cluster") != "Cluster":
        raise CliError(f"{where}: kind {document['kind']!r} is not known", code="invalid_file", hint="It is Cluster")
    metadata = {**(document.get("metadata") or {}), **({"name": document["name"]} if "name" in document else {})}
    unknown = sorted(set(document) - _IGNORED - {"metadata", "spec", "name"})
    if unknown or "name" not in metadata:
        said = f"{unknown[0]!r} is not known" if unknown else "there is no metadata.name"
        raise CliError(f"{where}: {said}", code="invalid_file", hint="A cluster has metadata {name, labels} and spec")
    spec = document.get("spec") or {}
    _require_named_pools(spec, where)
    return Manifest(str(metadata["name"]), metadata.get("labels") or {}, spec, where)


def _require_named_pools(spec: Json, where: str) -> None:
    pools = spec.get(_BY_NAME, [])
    if not all(isinstance(pool, dict) and "name" in pool for pool in pools or []):
        raise CliError(f"{where}: each of machine_pools needs a name", code="invalid_file")


def _short(value: Any) -> str:
    return "(none)" if value is None else str(value)
