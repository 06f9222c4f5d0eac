"""From options to a cluster's spec. What is not said is left to the platform's defaults."""

from dataclasses import dataclass
from typing import Any

from brb_cli.errors import CliError
from brb_cli.options import parse_pairs

_NUMBERS = frozenset({"quantity", "root_volume_gib"})
_FLAGS = frozenset({"floating_ips", "control_plane_role", "worker_role"})
_TEXTS = frozenset({"name", "flavor", "image", "availability_zone"})


@dataclass(frozen=True)
class Machines:
    """What was said of the machines. None or nothing: the platform's default."""

    control_planes: int | None = None
    workers: int | None = None
    flavor: str | None = None
    control_plane_flavor: str | None = None
    worker_flavor: str | None = None
    image: str | None = None
    root_volume_gib: int | None = None
    availability_zone: str | None = None
    pools: tuple[str, ...] = ()


def render_pools(said: Machines) -> list[dict[str, Any]] | None:
    """None where nothing was said. `--pool` adds pools, and takes the place of the default worker pool."""
    if said == Machines():
        return None
    every = _given(image=said.image, root_volume_gib=said.root_volume_gib, availability_zone=said.availability_zone)
    pools = [
        {
            "name": "cp",
            "control_plane_role": True,
            "quantity": 1 if said.control_planes is None else said.control_planes,
        }
        | _given(flavor=said.control_plane_flavor or said.flavor)
        | every
    ]
    workers = said.workers if said.workers is not None else 0 if said.pools else 2
    if workers:
        flavor = _given(flavor=said.worker_flavor or said.flavor)
        pools.append({"name": "workers", "worker_role": True, "quantity": workers} | flavor | every)
    return pools + [_given(flavor=said.flavor) | every | parse_pool(text) for text in said.pools]


def parse_pool(text: str) -> dict[str, Any]:
    """`name=gpu,quantity=2,flavor=g1` as a worker pool; `label.KEY=VALUE` sets a node label."""
    pool: dict[str, Any] = {"worker_role": True, "quantity": 1}
    for key, value in parse_pairs(tuple(text.split(",")), "--pool").items():
        if key.startswith("label."):
            pool.setdefault("labels", {})[key.removeprefix("label.")] = value
        else:
            pool[key] = _value(key, value)
    if pool.get("control_plane_role"):
        pool.pop("worker_role")
    if "name" not in pool:
        raise CliError(f"--pool {text!r} has no name", code="invalid_argument", hint="Such as name=gpu,quantity=2")
    return pool


def _value(key: str, value: str) -> Any:
    if key in _NUMBERS and value.isdecimal():
        return int(value)
    if key in _FLAGS and value in ("true", "false"):
        return value == "true"
    if key in _TEXTS:
        return value
    known = ", ".join(sorted(_NUMBERS | _FLAGS | _TEXTS))
    raise CliError(
        f"{key}={value} is nothing a pool has", code="invalid_argument", hint=f"A pool has {known}, label.KEY"
    )


def _given(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
