"""docs/conformance.md as a reader sees it: its tables by their numbers."""

import re

from tools.conformance.__main__ import WRITTEN
from tools.conformance.network import SYNTAX_NAMES
from tools.conformance.page import cells

TEXT = WRITTEN.read_text(encoding="utf-8")
_UIDS = {name: uid for uid, name in SYNTAX_NAMES.items()}


def rows(number: str) -> list[dict[str, str]]:
    """The lines of the table with this number, by their heads."""
    [text] = re.findall(rf"^\*\*Table {re.escape(number)}\..*\n\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    head, _, *lines = (cells(line) for line in text.splitlines())
    return [dict(zip(head, line, strict=True)) for line in lines]


def parameter(number: str, words: str) -> int:
    """A number of bytes, seconds or connections in a table of limits."""
    [row] = [one for one in rows(number) if words in one["Parameter"]]
    return int(re.sub(r"\D", "", row.get("Default") or row["Value"]))


def syntaxes(row: dict[str, str]) -> list[str]:
    """UIDs of the transfer syntaxes in a table of presentation contexts, in their order."""
    return [_UIDS[name] for name in row["Transfer syntaxes"].split(", ")]


def tag_of(row: dict[str, str]) -> int:
    return int(row["Tag"].strip("()").replace(",", ""), 16)


def paths(number: str) -> dict[tuple[int, ...], dict[str, str]]:
    """The lines of a table of attributes by the tags from the top level down; `>` stands for each level."""
    found: dict[tuple[int, ...], dict[str, str]] = {}
    around: list[int] = []
    for row in rows(number):
        name = next(iter(row.values()))
        around = [*around[: len(name) - len(name.lstrip(">"))], tag_of(row)]
        found[tuple(around)] = row
    return found
