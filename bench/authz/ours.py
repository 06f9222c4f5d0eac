"""Our index, in this process."""

import gc
import time
from collections.abc import Sequence

from bench.authz.figures import MEGABYTE, Row, measure, memory, per_second
from bench.authz.worlds import Platform
from brb_shared.access.deltas import Delta
from brb_shared.access.index import Index
from brb_shared.access.model import Request, World

_CHANGES = 2000


def measure_ours(platform: Platform, repeated: Sequence[Request], fresh: Sequence[Request]) -> Row:
    gc.collect()
    before = memory()
    began = time.process_time()
    index = Index(platform.world)
    built = time.process_time() - began
    gc.collect()
    gc.freeze()
    speed = measure(index.check, repeated)
    held = (memory() - before) / MEGABYTE
    first = per_second(Index(platform.world).check, fresh)
    return Row("brb", len(platform.world.bindings), speed, built, held, first, _change_us(index, platform.world))


def _change_us(index: Index, world: World) -> float:
    """Of processor time, for a change of one binding."""
    changes = [Delta(index.revision + 1, bindings=(binding,)) for binding in world.bindings[-_CHANGES:]]
    began = time.process_time()
    for change in changes:
        index.apply(change)
    return (time.process_time() - began) / len(changes) * 1e6
