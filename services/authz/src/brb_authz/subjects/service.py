"""The gateway tells of disabled users: their bindings stay, but leave the clusters' RBAC while they are disabled.

At the platform nothing has to be done: the gateway does not let them in. Inside a cluster a certificate from before is
good until it runs out. It names its bearer, who holds nothing any more, and his groups, whose access he has until then.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from brb_authz import repository
from brb_authz.changing import AccessWriter
from brb_authz.materialise import repository as materialised
from brb_authz.rows import to_binding


class DisabledSubjects:
    def __init__(self, writer: AccessWriter) -> None:
        self._writer = writer

    async def put(self, user_id: str) -> None:
        """Idempotent."""
        async with self._touching(user_id) as session:
            await materialised.disable(session, user_id)

    async def remove(self, user_id: str) -> None:
        """Idempotent."""
        async with self._touching(user_id) as session:
            await materialised.enable(session, user_id)

    @asynccontextmanager
    async def _touching(self, user_id: str) -> AsyncIterator[AsyncSession]:
        """His bindings are told again, as they are: the clusters they are in write their RBAC anew."""
        async with self._writer.change() as change:
            rows = await repository.bindings_of_user(change.session, user_id)
            change.bindings.extend(map(to_binding, rows))
            yield change.session
