"""What could come next on a command line. Errors give no candidates: a Tab must never print a complaint."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from cyclopts import App

from brb_cli.api import Api
from brb_cli.app import build_app
from brb_cli.clock import current_clock
from brb_cli.config import find_target
from brb_cli.errors import CliError
from brb_cli.output import at

Source = Callable[[Api], Iterator[str]]


def _listed(path: str, name: str) -> Source:
    return lambda api: (str(at(name)(item)) for item in api.items(path))


def _chosen(kind: str, name: str = "name") -> Source:
    def read(api: Api) -> Iterator[str]:
        cloud = api.get("/v1/sessions/current").body["cloud"]
        choices = api.get(f"/v1/clouds/{cloud}/choices").body
        return (str(choice[name]) for choice in choices[kind])

    return read


def _targets(api: Api) -> Iterator[str]:
    return (f"cluster/{name}" for name in _listed("/v1/clusters", "metadata.name")(api))


LIVE: dict[str, Source] = {
    "cluster": _listed("/v1/clusters", "metadata.name"),
    "target": _targets,
    "cloud": _listed("/v1/clouds", "id"),
    "credential": _listed("/v1/credentials", "name"),
    "token": _listed("/v1/api-tokens", "name"),
    "role": _listed("/v1/roles", "id"),
    "inherits": _listed("/v1/roles", "id"),
    "webhook": _listed("/v1/webhooks", "id"),
    "flavor": _chosen("flavors"),
    "control_plane_flavor": _chosen("flavors"),
    "worker_flavor": _chosen("flavors"),
    "image": _chosen("images"),
    "external_network": _chosen("external_networks"),
    "existing_network": _chosen("networks", "id"),
    "kubernetes_version": _chosen("kubernetes_versions", "version"),
}
"""By the name of the parameter, positional or not."""


def candidates(words: list[str]) -> list[str]:
    """For the last word, which may be empty or half."""
    *before, last = words or [""]
    app, positionals, option = _walk(build_app(), before)
    found = _values(app, option) if option else _next(app, positionals, last)
    return sorted({candidate for candidate in found if candidate.startswith(last)})


def _walk(app: App, words: list[str]) -> tuple[App, int, str | None]:
    """The command reached, how many positionals it has, and the option that waits for its value."""
    positionals, option = 0, None
    for word in words:
        if option is not None:
            option = None
        elif word.startswith("-"):
            option = word if "=" not in word and _takes_value(app, word) else None
        elif not positionals and word in _commands(app):
            app = app[word]
        else:
            positionals += 1
    return app, positionals, option


def _commands(app: App) -> list[str]:
    return [] if app.default_command else [name for name in app if not name.startswith(("-", "__"))]


def _next(app: App, positionals: int, last: str) -> list[str]:
    if last.startswith("-"):
        return [name for argument in _arguments(app) for name in argument.names if name.startswith("--")]
    commands = _commands(app)
    if commands:
        return commands
    places = [argument for argument in _arguments(app) if argument.index is not None]
    place = min(positionals, len(places) - 1)
    return _choices(places[place]) if places and (place == positionals or _is_many(places[place])) else []


def _values(app: App, option: str) -> list[str]:
    argument = _argument(app, option)
    return [] if argument is None else _choices(argument)


def _choices(argument: Any) -> list[str]:
    fixed = argument.get_choices()
    if fixed:
        return list(fixed)
    source = LIVE.get(argument.field_info.name)
    return _ask(source) if source else []


def _ask(source: Source) -> list[str]:
    with suppress(CliError):
        target = find_target(None, None)
        with Api(target.host, target.token, current_clock()) as api:
            return list(source(api))
    return []


def _arguments(app: App) -> list[Any]:
    if app.default_command is None:
        return []
    return [argument for argument in app.assemble_argument_collection() if argument.show]


def _argument(app: App, option: str) -> Any:
    return next((argument for argument in _arguments(app) if option in argument.names), None)


def _takes_value(app: App, option: str) -> bool:
    argument = _argument(app, option)
    return argument is not None and argument.hint is not bool and not option.startswith("--no-")


def _is_many(argument: Any) -> bool:
    return bool(argument.is_var_positional())
