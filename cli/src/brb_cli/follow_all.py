"""What becomes of all clusters of the project, as it happens, for as long as someone watches."""

from collections.abc import Iterator
from http import HTTPStatus

import httpx

from brb_cli.api import Api
from brb_cli.errors import CliError
from brb_cli.follow import PING_SECONDS, POLL_SECONDS, Change, Disturbed, Gone, changes_of, passes
from brb_cli.sse import parse_lines

_LONGEST_PAUSE = 10.0


def follow_all(api: Api) -> Iterator[Change]:
    """Never ends by itself: goes on with the last event it saw, begins anew where that is not kept any more.

    Raises CliError where waiting does not help, such as when the session has ended.
    """
    last_id: str | None = None
    failures = 0
    while True:
        try:
            with api.stream("/v1/watch/clusters", last_id, PING_SECONDS * 2) as lines:
                for message in parse_lines(lines):
                    failures = 0
                    if message is not None:
                        last_id = message.id or last_id
                        yield from (change for change in changes_of(message) if not isinstance(change, Gone))
        except (httpx.TransportError, CliError) as error:
            if isinstance(error, CliError) and not passes(error):
                raise
            last_id = None if _is_history_gone(error) else last_id
            failures += 1
            yield Disturbed(str(error) or type(error).__name__)
        api.clock.sleep(min(POLL_SECONDS * 2**failures, _LONGEST_PAUSE))


def _is_history_gone(error: Exception) -> bool:
    return isinstance(error, CliError) and error.status == HTTPStatus.GONE
