"""Lists of clusters, made of JSON that is kept: a list reads and renders only the clusters that have changed."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.clusters import repository
from brb_api_gateway.clusters.repository import Version
from brb_api_gateway.clusters.schemas import ClusterState
from brb_api_gateway.clusters.view import cluster_view
from brb_api_gateway.errors import invalid
from brb_api_gateway.paging import decode_token, encode_token
from brb_shared.access.visibility import Visible
from brb_shared.database import Database
from brb_shared.http import FieldError

_MOST_KEPT = 5_000  # of 2 to 10 KiB each
_KeptJson = OrderedDict[Version, bytes]


@dataclass(frozen=True)
class ClusterFilter:
    name: str | None = None
    state: ClusterState | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


def parse_labels(given: Sequence[str]) -> dict[str, str]:
    """Raises Problem 422."""
    pairs = [label.partition("=") for label in given]
    if any(not separator for _, separator, _ in pairs):
        raise invalid([FieldError(pointer="label", detail="write it as key=value")])
    return {key: value for key, _, value in pairs}


class ClusterLists:
    """One for a process. A version of a row is rendered once, unless its elapsed time still goes on."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: _KeptJson = OrderedDict()

    async def page(self, visible: Visible, wanted: ClusterFilter, *, size: int, token: str | None) -> bytes:
        """JSON of a `Page[ClusterView]`, sorted by id. Raises Problem 422 for a token that is not ours."""
        after = decode_token(token) or ""
        async with self._database.reading() as session:
            versions = await repository.list_versions(
                session,
                visible,
                after=after,
                limit=size + 1,
                name=wanted.name,
                state=wanted.state,
                labels=dict(wanted.labels),
            )
            shown = versions[:size]
            items = await self._rendered(session, shown)
        next_token = encode_token(shown[-1].id) if len(versions) > size else None
        return b'{"items":[%b],"next_page_token":%b}' % (b",".join(items), to_json(next_token))

    async def _rendered(self, session: AsyncSession, versions: Sequence[Version]) -> list[bytes]:
        """One that has gone in between is left out."""
        fresh = await self._render(session, [version.id for version in versions if version not in self._kept])
        found = (fresh.get(version.id) or self._recall(version) for version in versions)
        return [json for json in found if json is not None]

    async def _render(self, session: AsyncSession, ids: Sequence[str]) -> dict[str, bytes]:
        if not ids:
            return {}
        rendered = {}
        for row, version in await repository.find_versioned(session, ids):
            rendered[row.id] = cluster_view(row).model_dump_json().encode()
            if row.finished_at is not None:
                self._keep(version, rendered[row.id])
        return rendered

    def _keep(self, version: Version, json: bytes) -> None:
        self._kept[version] = json
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)

    def _recall(self, version: Version) -> bytes | None:
        if version not in self._kept:
            return None
        self._kept.move_to_end(version)
        return self._kept[version]
