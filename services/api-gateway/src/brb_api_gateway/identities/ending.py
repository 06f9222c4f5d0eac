"""The end of all that was begun in the name of a user or of an identity provider, in the caller's transaction."""

from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.credentials.service import CredentialService
from brb_api_gateway.identities import repository
from brb_api_gateway.sessions.repository import end_what_is_open
from brb_shared.contracts.ids import CredentialId


async def end_all(session: AsyncSession, credentials: CredentialService, **whose: str) -> int:
    """Of `user_id=` or `identity_provider=`; how many have ended.

    Sessions, API tokens, and the watches that are open in their names; the tokens' application credentials go too.
    """
    ended = await repository.remove_sessions(session, **whose)
    tokens = await repository.remove_tokens(session, **whose)
    for id_ in (*ended, *tokens):
        await end_what_is_open(session, id_)
    for credential_id in tokens.values():
        if credential_id is not None:
            await credentials.let_go(session, CredentialId(credential_id))
    return len(ended) + len(tokens)
