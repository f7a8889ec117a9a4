"""How the statement is put together: Markdown tables, and names in the prose that stand for them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence

_TABLE = re.compile(r"^\|.*(?:\n\|.*)+$", re.MULTILINE)
_BAR = re.compile(r"(?<!\\)\|")
_NAME = re.compile(r"\{\{([a-z0-9_]+)\}\}")
Part = Callable[[], str]
"""Makes what stands for one name: a table, or a few words within a line."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table that is readable as text: all columns but the last have a width."""
    lines = [tuple(head), *(tuple(_cell(one) for one in row) for row in rows)]
    assert len({len(line) for line in lines}) == 1, f"rows of different lengths below {head}"
    widths = [max(len(line[column]) for line in lines) for column in range(len(head) - 1)]
    rule = tuple("-" * width for width in (*widths, max(3, len(head[-1]))))
    return "\n".join(_line(line, widths) for line in (lines[0], rule, *lines[1:]))


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=False)]
    return f"| {' | '.join((*padded, cells[-1]))} |"


def cells(line: str) -> tuple[str, ...]:
    """The cells of a line of a table."""
    return tuple(cell.strip() for cell in _BAR.split(line)[1:-1])


def aligned(text: str) -> str:
    """`text` with all its tables as `table` writes them."""

    def again(match: re.Match[str]) -> str:
        head, _, *rows = (cells(line) for line in match[0].splitlines())
        return table(head, [[cell.replace(r"\|", "|") for cell in row] for row in rows])

    return _TABLE.sub(again, text)


_WIDTH = 120


def wrapped(text: str) -> str:
    """`text` with lines that the parts have made too long in several; tables stay as they are."""
    return "\n".join(_folded(line) for line in text.split("\n"))


def _folded(line: str) -> str:
    if len(line) <= _WIDTH + 5 or line.startswith(("|", "#")):
        return line
    indent = "  " if line.startswith(("- ", "  ")) else ""
    return textwrap.fill(
        line, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def filled(prose: str, parts: Mapping[str, Part]) -> str:
    """`prose` with every name replaced; raise ValueError for one that is not known or never used."""
    named = set(_NAME.findall(prose))
    if named != set(parts):
        raise ValueError(
            f"without a part: {sorted(named - set(parts))}; unused: {sorted(set(parts) - named)}"
        )
    made = {name: parts[name]() for name in named}
    return wrapped(aligned(_NAME.sub(lambda match: made[match[1]], prose)))


def tag(number: int) -> str:
    """`(0074,1000)`."""
    return f"({number >> 16:04X},{number & 0xFFFF:04X})"


def status(code: int) -> str:
    """`C307`."""
    return f"{code:04X}"


def listed(words: Iterable[str]) -> str:
    """`a, b and c`."""
    found = list(words)
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"
