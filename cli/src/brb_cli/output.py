"""Data to stdout: table, json, yaml, name or value, of one document or of many."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from brb_cli.errors import CliError
from brb_cli.options import Common

Json = dict[str, Any]


@dataclass(frozen=True)
class Column:
    title: str
    render: Callable[[Json], Any]


def at(path: str) -> Callable[[Json], Any]:
    """Reads `a.b.c` of a document; None where there is no such thing."""

    def read(document: Json) -> Any:
        value: Any = document
        for part in path.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value

    return read


def column(title: str, path: str) -> Column:
    return Column(title, at(path))


def show_list(
    common: Common, documents: Sequence[Json], columns: Sequence[Column], name: str = "metadata.name"
) -> None:
    """`name`: the path of what `-o name` prints."""
    match common.format:
        case "json":
            _print(json.dumps(list(documents), indent=2, ensure_ascii=False))
        case "yaml":
            _print(_yaml(list(documents)))
        case "name":
            _print_lines([_text(at(name)(document)) for document in documents])
        case "value":
            chosen = choose_columns(columns, common.column)
            _print_lines(["\t".join(_text(each.render(document)) for each in chosen) for document in documents])
        case "table":
            _print_lines(render_table(documents, choose_columns(columns, common.column)))


def show_one(common: Common, document: Json, columns: Sequence[Column], name: str = "metadata.name") -> None:
    """As `show_list` of one; json and yaml are the object itself, a table has a line for each column."""
    match common.format:
        case "json":
            _print(json.dumps(document, indent=2, ensure_ascii=False))
        case "yaml":
            _print(_yaml(document))
        case "name":
            _print(_text(at(name)(document)))
        case "value":
            _print_lines([_text(each.render(document)) for each in choose_columns(columns, common.column)])
        case "table":
            chosen = choose_columns(columns, common.column)
            width = max(len(each.title) for each in chosen)
            _print_lines([f"{each.title:<{width}}  {_text(each.render(document))}".rstrip() for each in chosen])


def choose_columns(columns: Sequence[Column], wanted: Sequence[str]) -> list[Column]:
    """By title, in the order asked for; what has a dot is a path into the document."""
    if not wanted:
        return list(columns)
    known = {_key(each.title): each for each in columns}
    chosen = [column(name, name) if "." in name else known.get(_key(name)) for name in wanted]
    if any(each is None for each in chosen):
        titles = ", ".join(each.title.lower() for each in columns)
        unknown = next(name for name, each in zip(wanted, chosen, strict=True) if each is None)
        hint = f"There are {titles}, and paths such as metadata.id"
        raise CliError(f"There is no column {unknown!r}", code="invalid_argument", hint=hint)
    return [each for each in chosen if each is not None]


def render_table(documents: Sequence[Json], columns: Sequence[Column]) -> list[str]:
    """Columns as wide as their longest value; nothing is cut, so that it can be grepped."""
    rows = [[each.title.upper() for each in columns]]
    rows += [[_text(each.render(document)) or "-" for each in columns] for document in documents]
    widths = [max(len(row[index]) for row in rows) for index in range(len(columns))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def render_age(timestamp: Any) -> str:
    """`3d`, `5h`, `12m` or `40s` since an RFC 3339 time."""
    if not isinstance(timestamp, str):
        return ""
    seconds = max(0, int((datetime.now(UTC) - datetime.fromisoformat(timestamp)).total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size or (unit == "d" and seconds >= size):
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def print_line(text: str) -> None:
    """One line to stdout, at once: readers of a stream of events want them now."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def print_json_line(document: Json) -> None:
    print_line(json.dumps(document, ensure_ascii=False, separators=(",", ":")))


def print_text(text: str) -> None:
    _print(text)


def _print(text: str) -> None:
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def _print_lines(lines: Sequence[str]) -> None:
    for line in lines:
        _print(line)


def _yaml(document: Any) -> str:
    import yaml

    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case dict():
            return ",".join(f"{key}={_text(item)}" for key, item in value.items())
        case list():
            return ",".join(_text(item) for item in value)
        case _:
            return str(value).replace("\n", " ")


def _key(title: str) -> str:
    return title.lower().replace(" ", "").replace("_", "").replace("-", "")
