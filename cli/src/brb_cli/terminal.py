"""People: what is told them on stderr, and what is asked of them."""

import getpass
import json
import os
import sys
from collections.abc import Mapping

from brb_cli.errors import Cancelled, CliError


def say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def say_error(error: CliError, *, as_json: bool) -> None:
    if as_json:
        say(json.dumps(error.document(), ensure_ascii=False))
        return
    say(f"{paint('Error:', '31')} {error.message}" if not isinstance(error, Cancelled) else error.message)
    if error.hint:
        say(f"  {error.hint}")
    if error.request_id:
        say(f"  request id {error.request_id}")


def is_interactive() -> bool:
    """Someone can answer a question."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def draws(env: Mapping[str, str] = os.environ) -> bool:
    """stderr is a terminal that lines can be drawn over on."""
    return sys.stderr.isatty() and env.get("TERM") != "dumb"


def paint(text: str, colour: str, env: Mapping[str, str] = os.environ) -> str:
    """Source: no-color.org: any value of NO_COLOR but the empty one."""
    return f"\033[{colour}m{text}\033[0m" if draws(env) and not env.get("NO_COLOR") else text


def ask(question: str) -> str:
    say_without_end(question)
    answer = sys.stdin.readline()
    if not answer:
        raise Cancelled("No answer", code="cancelled")
    return answer.strip()


def ask_secret(question: str) -> str:
    return getpass.getpass(question, stream=sys.stderr)


def say_without_end(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def require_name_typed(name: str, what: str, *, yes: bool) -> None:
    """Before what cannot be undone. Raises Cancelled where another name is typed."""
    if yes:
        return
    if not is_interactive():
        raise CliError(f"This {what}", code="confirmation_needed", hint="Say --yes to do it without being asked")
    say(f"This {what}.")
    if ask(f"Type {name} to go on: ") != name:
        raise Cancelled("Another name was typed; nothing was done", code="cancelled")
