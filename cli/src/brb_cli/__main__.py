"""Entry point: runs a command, and turns what went wrong into a sentence and an exit code."""

import gc
import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from brb_cli.app import build_app
from brb_cli.errors import Cancelled, CliError
from brb_cli.terminal import say_error

_OBJECTS_BETWEEN_COLLECTIONS = 100_000
"""More than a command makes by its imports: collecting those takes a third of its time, as it starts and as it ends."""


def main(arguments: Sequence[str] | None = None) -> None:
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    exit_code = run(sys.argv[1:] if arguments is None else arguments)
    gc.freeze()
    sys.exit(exit_code)


def run(arguments: Sequence[str]) -> int:
    """The exit code."""
    try:
        app = build_app()
        _show_docstring(app, arguments)
        app(list(arguments), exit_on_error=False, print_error=False, result_action="return_value", help_on_error=False)
        sys.stdout.flush()
    except CycloptsError as error:
        hint = f"See `brb {' '.join(error.command_chain or ())} --help`".replace("  ", " ")
        return _fail(CliError(str(error), code="invalid_argument", hint=hint), arguments)
    except CliError as error:
        return _fail(error, arguments)
    except KeyboardInterrupt:
        return _fail(Cancelled("Cancelled", code="cancelled"), arguments)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads: keep the flush at exit quiet
        return 1
    return 0


def _show_docstring(app: App, arguments: Sequence[str]) -> None:
    """A command's own help is its docstring; the line in `app.py` is only for the list it stands in."""
    words = [argument for argument in arguments if argument not in ("--help", "-h")]
    if len(words) < len(arguments):
        *_, command = app.parse_commands(words)[1]
        command.help = None if command.default_command else command.help


def _fail(error: CliError, arguments: Sequence[str]) -> int:
    sys.stdout.flush()
    say_error(error, as_json=_wants_json(arguments))
    return error.exit_code


def _wants_json(arguments: Sequence[str]) -> bool:
    """Looked up in the words themselves, because they may be what is wrong."""
    joined = " ".join(arguments)
    return any(f"{option}json" in joined for option in ("-o ", "-o", "-o=", "--format ", "--format="))


if __name__ == "__main__":
    main()
