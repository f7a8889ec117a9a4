"""How the matches of a search become CSV: the cells straight from the bytes, thousands of rows at a time.

What is printed is what `rows.flattened` says of each decoded data set. Most elements of a worklist stand in
many rows: their cells are kept by their bytes. Texts that differ from row to row are read a column at a time.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from upsdesk.cli.rows import flattened, leaves
from upsdesk.dicom import codec
from upsdesk.dicom.codec import CHARACTER_SET_VRS, EXPLICIT
from upsdesk.dicom.cut_rows import FIRST_LESSON, HEAD, Cut, Cutter
from upsdesk.dicom.inner_texts import InnerTexts
from upsdesk.dicom.paths import path_text
from upsdesk.domain import tags
from upsdesk.domain.elements import Elements, Path

if TYPE_CHECKING:
    from upsdesk.cli.console import Console

_AT_ONCE = 2_000
"""Rows that are read together."""
_KEPT = 4_096
"""Different elements of one tag whose cells are kept."""
_MANY = 25
"""When so many in a hundred rows bring an element that was not met, it is a different one in each."""
_SPECIAL = re.compile(rb'[\\",\r\x1b]')
"""Bytes that may mean several values, another character set, or quotes around the cell."""
_QUOTED = re.compile('[",\n\r]')
_STRIPPED_LEFT = frozenset({"AE", "CS", "DS", "IS"})
Cells = list[str]


class CsvRows:
    """One header line of attribute paths, then one line a data set.

    A sequence that was asked for as a whole becomes one column for each value in its items; values of several
    items stand in one cell, separated by backslashes. Which columns there are depends on all the rows, so it
    is printed at the end.
    """

    def __init__(
        self, console: Console, asked: Sequence[Path], *, at_once: int = _AT_ONCE, lesson: int = FIRST_LESSON
    ) -> None:
        """`asked`: what has a column in any case. `at_once` rows are read together; of the first `lesson`
        it is learned how they are built.
        """
        self._console = console
        self._at_once = at_once
        self._lesson = lesson
        self._columns: dict[Path, int] = {}
        for path in asked:
            for leaf in leaves(path):
                self._columns.setdefault(leaf, len(self._columns))
        self._lines: list[str] = []
        self._known_columns: list[tuple[int, int]] = []
        """From which line on how many columns there were."""
        self._waiting: list[Cut | Elements] = []
        self._cutters: dict[str, Cutter] = {}
        self._syntax = EXPLICIT
        self._caches: dict[tuple[bytes, int], _Cells] = {}

    def cut_of(self, transfer_syntax: str) -> Callable[[bytes], Cut | None]:
        """What cuts the matches in this transfer syntax, before `rows` gets them."""
        cutter = self._cutters.get(transfer_syntax)
        if cutter is None:
            cutter = self._cutters[transfer_syntax] = Cutter(transfer_syntax, self._lesson)
        return cutter.cut

    def rows(self, found: Iterable[tuple[Cut | Elements, bytes]], transfer_syntax: str) -> None:
        """Matches as they came, cut or decoded."""
        if transfer_syntax != self._syntax:
            self._write_waiting()  # of another association
            self._caches.clear()
            self._syntax = transfer_syntax
        self._waiting += map(itemgetter(0), found)
        if len(self._waiting) >= self._at_once:
            self._write_waiting()

    def row(self, elements: Elements) -> None:
        """One decoded data set."""
        self._waiting.append(elements)

    def end(self) -> None:
        self._write_waiting()
        head = io.StringIO()
        csv.writer(head, lineterminator="\n").writerow([path_text(path) for path in self._columns])
        self._complete()
        self._console.result("\n".join([head.getvalue()[:-1], *self._lines]))

    def _complete(self) -> None:
        """Fill up the lines that were written when there were fewer columns."""
        count, lines = len(self._columns), self._lines
        ends = [start for start, _ in self._known_columns[1:]] + [len(lines)]
        for (start, known), end in zip(self._known_columns, ends, strict=True):
            if missing := "," * (count - max(known, 1)):
                lines[start:end] = [line + missing for line in lines[start:end]]
        if count == 1:  # else an empty cell would be an empty line
            lines[:] = [line or '""' for line in lines]

    # Many rows at once

    def _write_waiting(self) -> None:
        rows, self._waiting = self._waiting, []
        parts = [self._read(numbers, cut, charset) for numbers, cut, charset in _grouped(rows)]
        parts += [_decoded(number, row) for number, row in enumerate(rows) if isinstance(row, Elements)]
        # New columns stand in the order in which reading row by row would have met them.
        for _, _, paths in sorted(chain.from_iterable(part.firsts for part in parts)):
            for path in paths:
                self._columns.setdefault(path, len(self._columns))
        if not self._known_columns or self._known_columns[-1][1] != len(self._columns):
            self._known_columns.append((len(self._lines), len(self._columns)))
        if len(parts) == 1:
            self._lines += parts[0].lines(self._columns)
            return
        lines = [""] * len(rows)
        for part in parts:
            for number, line in zip(part.numbers, part.lines(self._columns), strict=True):
                lines[number] = line
        self._lines += lines

    def _read(self, numbers: Sequence[int], rows: Sequence[tuple[bytes, ...]], charset: _Charset) -> _Part:
        cutter = self._cutters[self._syntax]
        part = _Part(numbers)
        for tag, column in zip(charset.tags, zip(*rows, strict=True), strict=True):
            if not tag & 0xFFFF or not any(column):  # group lengths are left out (PS3.5 7.2)
                continue
            # Which character set (0008,0005) names does not govern what stands before it.
            terms = charset.encoded if tag > tags.SPECIFIC_CHARACTER_SET else b""
            cells = self._caches.get((terms, tag))
            if cells is None:
                cells = self._caches[terms, tag] = _Cells(tag, terms, self._syntax, self._at_once // 10)
            cells.read(column, cutter.text_vr(tag), part)
        return part


class _Charset(NamedTuple):
    """What rows have in common that are read together."""

    tags: tuple[int, ...]
    encoded: bytes
    """Their (0008,0005), head and all; empty when it is absent."""


Group = tuple[Sequence[int], Sequence[tuple[bytes, ...]], _Charset]


def _grouped(rows: list[Cut | Elements]) -> Iterator[Group]:
    """Rows that were cut alike and have one character set, with their numbers in the batch."""
    numbers = [number for number, row in enumerate(rows) if isinstance(row, tuple)]
    cut = [row for row in rows if isinstance(row, tuple)]
    for tags_of, among in _alike(list(map(itemgetter(0), cut)), id):
        elements = [cut[at][1] for at in among]
        if tags.SPECIFIC_CHARACTER_SET not in tags_of:
            yield [numbers[at] for at in among], elements, _Charset(tags_of, b"")
            continue
        charsets = list(map(itemgetter(tags_of.index(tags.SPECIFIC_CHARACTER_SET)), elements))
        for charset, within in _alike(charsets, bytes):
            yield (
                [numbers[among[at]] for at in within],
                [elements[at] for at in within],
                _Charset(tags_of, charset),
            )


def _alike(values: list[Any], key: Callable[[Any], Hashable]) -> Iterator[tuple[Any, Sequence[int]]]:
    """The different values, and where they stand."""
    keys = list(map(key, values))
    for one, value in dict(zip(keys, values, strict=True)).items():
        if keys.count(one) == len(keys):
            yield value, range(len(keys))
        else:
            yield value, [at for at, other in enumerate(keys) if other == one]


class _Part:
    """Rows of a batch: their numbers in it, their cells, and where columns are met first."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.numbers = numbers
        self.firsts: list[tuple[int, int, tuple[Path, ...]]] = []
        """Number of the row, tag, columns."""
        self._cells: dict[Path, Cells] = {}
        self._runs: list[tuple[tuple[Path, ...], list[Known]]] = []

    def add(self, tag: int, row: int, paths: tuple[Path, ...], cells: Iterable[Cells]) -> None:
        """A list of cells for each of these columns; `row` is the first that has them."""
        self.meet(tag, row, paths)
        self.put(paths, cells)

    def meet(self, tag: int, row: int, paths: tuple[Path, ...]) -> None:
        """These columns are there from this row on."""
        self.firsts.append((self.numbers[row], tag, paths))

    def put(self, paths: tuple[Path, ...], cells: Iterable[Cells]) -> None:
        self._cells.update(zip(paths, cells, strict=True))

    def add_run(self, tag: int, paths: tuple[Path, ...], found: list[Known]) -> None:
        """What is known of an element that fills these columns in every row."""
        self.meet(tag, 0, paths)
        if paths:
            self._runs.append((paths, found))

    def lines(self, columns: Mapping[Path, int]) -> list[str]:
        """The rows with a comma between two cells."""
        if not columns:
            return [""] * len(self.numbers)
        at: list[Cells | None] = [None] * len(columns)
        skipped: set[int] = set()
        for path, cells in self._cells.items():
            at[columns[path]] = cells
        for paths, found in self._runs:
            places = [columns[path] for path in paths]
            if places == list(range(places[0], places[0] + len(places))):
                at[places[0]] = [known.joined for known in found]
                skipped.update(places[1:])
            else:
                for place, texts in zip(
                    places, zip(*(known.cells for known in found), strict=True), strict=True
                ):
                    at[place] = list(texts)
        blank = [""] * len(self.numbers)
        shown = [cells or blank for place, cells in enumerate(at) if place not in skipped]
        return list(map(",".join, zip(*shown, strict=True)))


class Known(NamedTuple):
    """The cells of an element; `kind` stands for the columns that they fill."""

    kind: int
    cells: tuple[str, ...]
    joined: str


def _decoded(number: int, elements: Elements) -> _Part:
    part = _Part([number])
    cells = {path: [quoted(text)] for path, text in flattened(elements).items()}
    part.add(0, 0, tuple(cells), cells.values())
    return part


class _Cells:
    """The cells of all elements with one tag, under one character set."""

    def __init__(self, tag: int, charset: bytes, transfer_syntax: str, enough: int) -> None:
        """`enough`: rows from which it can be told whether they differ."""
        self._tag = tag
        self._syntax = transfer_syntax
        self._enough = enough
        self._terms = _terms(charset, transfer_syntax)
        self._kinds: dict[tuple[Path, ...], int] = {}
        self._known: dict[bytes, Known] = {}
        self._known_texts: dict[bytes, str] = {b"": ""}
        self._inner = InnerTexts(transfer_syntax, tag)
        self._is_various = False

    def read(self, column: tuple[bytes, ...], text_vr: str | None, part: _Part) -> None:
        """Put the cells of one element a row into `part`; blank where it is absent, which is not always."""
        if self._is_various and self._read_various(column, text_vr, part):
            return
        try:
            if text_vr is not None:
                self._add_text(column, [self._known_texts[element] for element in column], part)
            else:
                self._add_known([self._known[element] for element in column], part)
        except KeyError:
            if not self._differs(column) or not self._read_various(column, text_vr, part):
                self._read_new(column, text_vr, part)

    def _differs(self, column: tuple[bytes, ...]) -> bool:
        """Hardly a row has what another one has: nothing is worth being kept."""
        if not self._is_various and len(column) >= self._enough:
            self._is_various = len(set(column)) * 100 > _MANY * len(column)
        return self._is_various

    def _read_new(self, column: tuple[bytes, ...], text_vr: str | None, part: _Part) -> None:
        if text_vr is None:
            self._add_known([self._known.get(element) or self._learn(element) for element in column], part)
            return
        texts = self._known_texts
        for element in set(column).difference(texts):
            texts[element] = next(iter(self._flattened(element).values()), "")
        self._add_text(column, [texts[element] for element in column], part)
        if len(texts) > _KEPT:
            self._known_texts = {b"": ""}

    def _add_text(self, column: tuple[bytes, ...], cells: Cells, part: _Part) -> None:
        part.add(self._tag, _first(column), ((self._tag,),), (cells,))

    def _add_known(self, found: list[Known], part: _Part) -> None:
        if len(self._kinds) == 1:
            part.add_run(self._tag, next(iter(self._kinds)), found)
            return
        kinds = list(map(itemgetter(0), found))
        present = set(kinds)
        paths_of = {number: paths for paths, number in self._kinds.items() if number in present}
        if len(present) == 1:
            part.add_run(self._tag, next(iter(paths_of.values())), found)
            return
        for number, paths in paths_of.items():
            part.meet(self._tag, kinds.index(number), paths)
        for path in dict.fromkeys(path for paths in paths_of.values() for path in paths):
            at = {number: paths.index(path) for number, paths in paths_of.items() if path in paths}
            cells = [known.cells[at[known.kind]] if known.kind in at else "" for known in found]
            part.put((path,), (cells,))

    def _learn(self, element: bytes) -> Known:
        cells = self._flattened(element)
        kind = self._kinds.setdefault(tuple(cells), len(self._kinds))
        if len(self._known) >= _KEPT:
            self._known.clear()
        texts = tuple(cells.values())
        found = self._known[element] = Known(kind, texts, ",".join(texts))
        return found

    def _flattened(self, element: bytes) -> dict[Path, str]:
        if not element:
            return {}
        decoded = codec.decode_element(element, 0, len(element), self._terms, self._syntax)
        return {path: quoted(text) for path, text in flattened(Elements([decoded])).items()}

    def _read_various(self, column: tuple[bytes, ...], text_vr: str | None, part: _Part) -> bool:
        """Texts, or sequences that are built alike; False when there is more to them."""
        if text_vr is not None:
            cells = self._plain(_without_heads(column), len(column), text_vr)
            if cells is not None:
                self._add_text(column, cells, part)
            return cells is not None
        found = self._inner.read(column)
        if found is None:
            return False
        made = [self._plain(b"\n".join(values) + b"\n", len(values), vr) for _, vr, values in found]
        whole = [cells for cells in made if cells is not None]
        if len(whole) < len(made):
            return False
        part.add(self._tag, 0, tuple(path for path, _, _ in found), whole)
        return True

    def _plain(self, joined: bytes, count: int, vr: str) -> Cells | None:
        """The cells of texts, a line each, if they need no more than to lose their padding."""
        if joined.count(b"\n") != count or _SPECIAL.search(joined):
            return None
        while b" \n" in joined or b"\0\n" in joined:
            joined = joined.replace(b" \n", b"\n").replace(b"\0\n", b"\n")
        if vr in _STRIPPED_LEFT and (b"\n " in joined or joined.startswith(b" ")):
            return None
        if not joined.isascii() and (vr not in CHARACTER_SET_VRS or self._terms != ("ISO_IR 192",)):
            return None
        try:
            return joined[:-1].decode().split("\n")
        except UnicodeDecodeError:
            return None


def _without_heads(column: tuple[bytes, ...]) -> bytes:
    """The values of elements, each on a line."""
    head = b"\n" + column[0][:HEAD]
    whole = b"\n" + b"\n".join(column) + b"\n"
    # Values of one length have the same head. A line break within a value makes too many lines in the end.
    if len(head) == HEAD + 1 and b"\n" not in head[1:] and whole.count(head) == len(column):
        return whole.replace(head, b"\n")[1:]
    return b"\n".join([element[HEAD:] for element in column]) + b"\n"


def _first(column: tuple[bytes, ...]) -> int:
    """The first row in which the element is there."""
    return next(row for row, element in enumerate(column) if element)


def _terms(charset: bytes, transfer_syntax: str) -> tuple[str, ...]:
    if not charset:
        return ()
    element = codec.decode_element(charset, 0, len(charset), (), transfer_syntax)
    return tuple(map(str, element.values))


def quoted(text: str) -> str:
    """A cell as csv writes it within a line."""
    if not text or not _QUOTED.search(text):
        return text
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([text])
    return line.getvalue()[:-1]
