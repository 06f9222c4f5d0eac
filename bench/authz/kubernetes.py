"""Kubernetes' authorizer on the same world: an API server per cluster, one binding per role and namespace."""

import time
from collections.abc import Sequence

from bench.authz.figures import MEGABYTE, Row, Speed
from bench.authz.worlds import Platform
from brb_shared.access.index import Index
from brb_shared.access.model import Request
from brb_shared.testing.rbac_oracle import RbacOracle


def measure_kubernetes(platform: Platform, questions: Sequence[Request]) -> tuple[Row, int]:
    """Its row, and on how many of the questions it differs from us."""
    with RbacOracle() as oracle:
        began = time.monotonic()
        oracle.load(platform.world, platform.clusters)
        loaded = time.monotonic() - began
        found = oracle.measure(questions)
        theirs = oracle.decide(questions)
    speed = Speed(found.checks_per_second, found.p50_us, found.p99_us, found.allowed / len(questions))
    row = Row("kubernetes", len(platform.world.bindings), speed, loaded, found.heap_bytes / MEGABYTE)
    return row, _differing(platform, questions, theirs)


def _differing(platform: Platform, questions: Sequence[Request], theirs: Sequence[bool]) -> int:
    index = Index(platform.world)
    return sum(index.check(request) is not allowed for request, allowed in zip(questions, theirs, strict=True))
