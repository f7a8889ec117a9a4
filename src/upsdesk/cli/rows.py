"""How data sets are printed: table, JSON array, JSON lines, CSV, Native DICOM XML, or Part 10 files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from upsdesk.cli.exits import UsageError
from upsdesk.domain import tags

if TYPE_CHECKING:
    import argparse
    from datetime import tzinfo

    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser
    from upsdesk.dicom.cut_rows import Cut
    from upsdesk.domain.elements import Elements, Path

FORMATS = ("table", "json", "jsonl", "csv", "xml", "dicom")


class RowPrinter(Protocol):
    """Takes data sets one after another. `end` is called once, also after a break."""

    def row(self, elements: Elements) -> None: ...

    def end(self) -> None: ...


@runtime_checkable
class ManyRows(RowPrinter, Protocol):
    """Takes data sets as they are encoded, many at a time."""

    def cut_of(self, transfer_syntax: str) -> Callable[[bytes], Cut | None]: ...

    def rows(self, found: Iterable[tuple[Cut | Elements, bytes]], transfer_syntax: str) -> None: ...


def add_format(parser: Parser) -> None:
    parser.add_argument(
        "--format", choices=FORMATS, help="default: table on a terminal, else jsonl (one JSON object a line)"
    )
    parser.add_argument(
        "-o", dest="folder", type=FilePath, metavar="DIR", help="where --format dicom puts its Part 10 files"
    )


def chosen_format(options: argparse.Namespace, console: Console) -> str:
    """The format to print in; raise UsageError when -o and --format dicom do not come together."""
    name = options.format or ("table" if console.is_terminal else "jsonl")
    if (name == "dicom") != (options.folder is not None):
        raise UsageError("--format dicom and -o DIR belong together")
    return str(name)


def printer(
    name: str, console: Console, columns: Sequence[Path] | None, folder: FilePath | None, zone: tzinfo | None
) -> RowPrinter:
    """The printer of a format. `columns`: the attributes asked for; None: the worklist's own columns."""
    if name == "table":
        from upsdesk.cli.tables import PathTable, WorklistTable

        return WorklistTable(console, zone) if columns is None else PathTable(console, columns)
    if name == "csv":
        from upsdesk.cli.csv_rows import CsvRows
        from upsdesk.domain.query import WORKLIST_RETURN_KEYS

        return CsvRows(console, WORKLIST_RETURN_KEYS if columns is None else columns)
    if name == "dicom":
        assert folder is not None
        return Part10(console, folder)
    plain: dict[str, Callable[[Console], RowPrinter]] = {"json": JsonArray, "jsonl": JsonLines, "xml": Xml}
    return plain[name](console)


class JsonLines:
    """One object of the DICOM JSON Model (PS3.18 F) a line, as each comes."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def row(self, elements: Elements) -> None:
        self._console.result(json_text(elements))

    def end(self) -> None:
        pass


class JsonArray:
    """An array of the DICOM JSON Model; closed whatever happens, so that what came can be read."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._is_empty = True

    def row(self, elements: Elements) -> None:
        self._console.result(("[\n" if self._is_empty else ",\n") + json_text(elements), end="")
        self._is_empty = False

    def end(self) -> None:
        self._console.result("[]" if self._is_empty else "\n]")


class Xml:
    """The Native DICOM Model (PS3.19 A.1)."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rows: list[Elements] = []

    def row(self, elements: Elements) -> None:
        self._rows.append(elements)

    def end(self) -> None:
        from upsdesk.dicom.xml_model import to_xml

        self._console.result(to_xml(self._rows))


class Part10:
    """One DICOM file a data set, named by its SOP Instance UID; prints the path of each."""

    def __init__(self, console: Console, folder: FilePath) -> None:
        self._console = console
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"cannot make the folder {folder}: {error.strerror}") from None

    def row(self, elements: Elements) -> None:
        from upsdesk.dicom.datasets import write_part10
        from upsdesk.domain.keys import SopInstanceUid

        try:
            uid = SopInstanceUid.parse(elements.text(tags.SOP_INSTANCE_UID))
        except ValueError:
            raise UsageError(
                "a file cannot be named: the answer has no SOP Instance UID (add -r SOPInstanceUID)"
            ) from None
        path = self._folder / f"{uid}.dcm"
        try:
            write_part10(path, elements, uid)
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror}") from None
        self._console.result(str(path))

    def end(self) -> None:
        pass


def json_text(elements: Elements) -> str:
    """The data set in the DICOM JSON Model, on one line."""
    from upsdesk.dicom.json_model import to_json

    return json.dumps(to_json(elements), ensure_ascii=False)


def leaves(path: Path) -> tuple[Path, ...]:
    """The columns that a requested attribute becomes: itself, or for a code sequence the parts of a code."""
    from upsdesk.domain import attributes

    row = attributes.by_path().get(path)
    if row is None or row.vr != "SQ":
        return (path,)
    code = (tags.CODE_VALUE, tags.CODING_SCHEME_DESIGNATOR, tags.CODE_MEANING)
    if (*path, tags.CODE_VALUE) in attributes.by_path():
        return tuple((*path, tag) for tag in code)
    return ()


def flattened(elements: Elements, above: Path = ()) -> dict[Path, str]:
    """Every value by its path; the values of several items are joined by backslashes."""
    found: dict[Path, str] = {}
    for element in elements:
        path = (*above, element.tag)
        if element.items is None:
            found[path] = element.text if element.raw is None else element.raw.hex()
            continue
        for item in element.items:
            for below, text in flattened(item, path).items():
                found[below] = f"{found[below]}\\{text}" if below in found else text
    return found
