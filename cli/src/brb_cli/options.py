"""Options that many commands have."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from cyclopts import Group, Parameter

from brb_cli.errors import CliError

Format = Literal["table", "json", "yaml", "name", "value"]
COMMON = Group("Common options", sort_key=90)
WAITING = Group("Waiting", sort_key=80)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@Parameter(name="*", group=COMMON)
@dataclass(frozen=True)
class Common:
    format: Annotated[Format, Parameter(name=["--format", "-o"], show_default=True)] = "table"
    """How data is written to stdout. `json` makes progress a stream of CloudEvents, one a line, on stdout too."""
    column: Annotated[tuple[str, ...], Parameter(name=["--column", "-c"])] = ()
    """Show this column (its title, or a path such as status.state). May be repeated."""
    profile: Annotated[str | None, Parameter(name="--profile")] = None
    """Profile of the configuration file (env BRB_PROFILE)."""
    host: Annotated[str | None, Parameter(name="--host")] = None
    """Address of the API (env BRB_HOST)."""


@Parameter(name="*", group=WAITING)
@dataclass(frozen=True)
class Waiting:
    wait: Annotated[bool, Parameter(name="--wait", negative="--no-wait")] = True
    """Wait until it is done; Ctrl-C detaches, and the work goes on."""
    timeout: Annotated[str, Parameter(name="--timeout", show_default=True)] = "60m"
    """How long to wait, such as 90s, 30m, 1h. Then the exit code is 7, and the work goes on."""


CommonOptions = Annotated[Common, Parameter(name="*")]
WaitingOptions = Annotated[Waiting, Parameter(name="*")]
DEFAULTS = Common()
WAIT = Waiting()


def parse_duration(text: str) -> float:
    """Seconds of `90`, `90s`, `30m`, `12h`, `7d` or `1h30m`."""
    parts = re.findall(r"(\d+)([smhd])", text)
    if text.isdecimal():
        return float(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise CliError(f"{text!r} is not a duration", code="invalid_argument", hint="Write it as 90s, 30m or 1h30m")
    return float(sum(int(number) * _UNITS[unit] for number, unit in parts))


def parse_pairs(texts: tuple[str, ...], option: str) -> dict[str, str]:
    """`("a=1", "b=2")` as a mapping."""
    for text in texts:
        if "=" not in text:
            raise CliError(f"{option} {text!r} is not of the form key=value", code="invalid_argument")
    return dict(text.split("=", 1) for text in texts)
