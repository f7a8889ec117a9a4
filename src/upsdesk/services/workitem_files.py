"""New workitems out of files: DICOM Part 10, DICOM JSON, Native DICOM XML, or CSV with attribute paths."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from upsdesk.domain import tags
from upsdesk.domain.cloning import PUSH_UID, as_new
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.requirements import completed_for_create, create_problems
from upsdesk.domain.validation import check_create
from upsdesk.services.loading import load_dicom

MOST_BYTES = 16 * 1024 * 1024
MOST_WORKITEMS = 10_000
"""In one file: a longer list is made in parts, or with the command line."""
_DEEPEST = 50
_DELIMITERS = ",;\t"
_UNDECODED = "\N{REPLACEMENT CHARACTER}"
NOTHING = Elements()
_IDENTITY = (tags.SOP_CLASS_UID, tags.SOP_INSTANCE_UID)
Step = tuple[int, int]
"""A tag, and in which item of the sequence above it it stands, from 0."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One workitem of a file, or why it cannot be read."""

    file: str
    """The file's name, without its folder."""
    row: int | None = None
    """Line of a CSV, or number in a list, from 1; None in a file of one."""
    elements: Elements = NOTHING
    """Without SOP Class and Instance UID."""
    uid: SopInstanceUid | None = None
    problem: str = ""
    """A sentence; the elements are empty then."""

    @property
    def place(self) -> str:
        """Where it stands, for a person: `list.csv:3`."""
        return self.file if self.row is None else f"{self.file}:{self.row}"

    def to_create(self, *, as_new_one: bool) -> Elements:
        """What would be sent. `as_new_one`: as a clone, without state, progress and results of an old one."""
        return completed_for_create(as_new(self.elements) if as_new_one else self.elements)

    def wrong(self, *, as_new_one: bool) -> tuple[str, ...]:
        """What a server would refuse, in words; empty when nothing speaks against it."""
        if self.problem:
            return (self.problem,)
        return wrong_words(self.to_create(as_new_one=as_new_one))


def wrong_words(elements: Elements) -> tuple[str, ...]:
    """What is wrong with the data set of an N-CREATE, one sentence for each attribute."""
    load_dicom()
    from upsdesk.dicom.paths import path_text

    sent = elements.without(tags.SPECIFIC_CHARACTER_SET)  # chosen when the text is encoded
    problems = [one for one in check_create(sent) if one.path != (tags.SPECIFIC_CHARACTER_SET,)]
    found = dict.fromkeys(f"{path_text(one.path)} {one.words}" for one in problems)
    told = {one.path for one in problems}
    for tag in create_problems(sent).forbidden:
        if (tag,) not in told:
            found[f"{path_text((tag,))} is not allowed in a new workitem"] = None
    if any(_has_undecoded(one) for one in sent):
        found["A text is not in the character set that the file names"] = None
    return tuple(found)


def _has_undecoded(one: Element) -> bool:
    if any(_UNDECODED in value for value in one.values if isinstance(value, str)):
        return True
    return any(_has_undecoded(child) for item in one.items or () for child in item)


def read_files(paths: Iterable[FilePath]) -> tuple[Draft, ...]:
    """The workitems of several files in order; a file that cannot be read is one draft with its problem."""
    return tuple(draft for path in paths for draft in read_file(path))


def read_file(path: FilePath) -> tuple[Draft, ...]:
    """The workitems of a file, read by its content and not by its name. Never raises for a bad file."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return (Draft(path.name, problem=f"The file is larger than {MOST_BYTES >> 20} MB."),)
        data = path.read_bytes()
    except OSError as error:
        return (Draft(path.name, problem=f"The file cannot be read: {error.strerror or error}."),)
    return read_data(path.name, data)


def read_data(name: str, data: bytes) -> tuple[Draft, ...]:
    """As `read_file`, of what stands in the file."""
    load_dicom()
    try:
        drafts = tuple(_drafts(name, data))
    except RecursionError:
        return (Draft(name, problem="Its sequences are nested deeper than in any workitem."),)
    except ValueError as error:
        return (Draft(name, problem=_sentence(str(error))),)
    if not drafts:
        return (Draft(name, problem="There is no workitem in this file."),)
    if len(drafts) > MOST_WORKITEMS:
        return (Draft(name, problem=f"There are more than {MOST_WORKITEMS:,} workitems in this file."),)
    return drafts


def _drafts(name: str, data: bytes) -> Iterator[Draft]:
    from upsdesk.dicom.part10 import is_part10, read_part10
    from upsdesk.dicom.xml_model import from_xml

    if is_part10(data):
        file = read_part10(data)
        if file.sop_class not in ("", PUSH_UID):
            raise ValueError(f"this is no workitem, but {file.class_name}")
        yield _draft(name, None, file.elements, file.sop_instance)
        return
    text = _text(data)
    if text.lstrip().startswith("<"):
        models = from_xml(data)
        for number, elements in enumerate(models, start=1):
            yield _draft(name, number if len(models) > 1 else None, elements)
    elif text.lstrip()[:1] in ("{", "["):
        yield from _json_drafts(name, text)
    else:
        yield from _csv_drafts(name, text)


def _draft(name: str, row: int | None, elements: Elements, instance: str = "") -> Draft:
    sop_class = elements.text(tags.SOP_CLASS_UID)
    if sop_class not in ("", PUSH_UID):
        return Draft(name, row, problem=f"This is no workitem: its SOP Class UID is {sop_class}.")
    if not len(elements):
        return Draft(name, row, problem="It has no attributes.")
    if _depth(elements) > _DEEPEST:
        return Draft(name, row, problem="Its sequences are nested deeper than in any workitem.")
    text = elements.text(tags.SOP_INSTANCE_UID) or instance
    try:
        uid = SopInstanceUid.parse(text) if text else None
    except ValueError:
        return Draft(name, row, problem=f"Its SOP Instance UID is no UID: {text}.")
    return Draft(name, row, elements.without(*_IDENTITY), uid)


def _depth(elements: Elements) -> int:
    return 1 + max((_depth(item) for one in elements for item in one.items or ()), default=0)


def _text(data: bytes) -> str:
    """UTF-8 with or without its mark, or UTF-16 with it; nothing is guessed: a wrong guess changes names."""
    coding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(coding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ValueError(
            "this is neither a DICOM file nor a text in UTF-8; save a table as CSV in UTF-8, then try again"
        )
    return text


# JSON


def _json_drafts(name: str, text: str) -> Iterator[Draft]:
    """One object, an array of them, or one on each line; also what `get --format json` prints."""
    found = _json_objects(text)
    for number, one in enumerate(found, start=1):
        yield _json_draft(name, number if len(found) > 1 else None, one)


def _json_objects(text: str) -> list[Any]:
    try:
        found = json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as whole:
        lines = [line for line in text.splitlines() if line.strip()]
        try:
            return [json.loads(line, object_pairs_hook=_object) for line in lines]
        except json.JSONDecodeError:
            raise ValueError(
                f"this is no JSON that can be read: {whole.msg} in line {whole.lineno}, column {whole.colno}"
            ) from None
    return found if isinstance(found, list) else [found]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(one for one in names if names.count(one) > 1)} stands twice in one object")
    return made


def _json_draft(name: str, row: int | None, found: Any) -> Draft:
    from upsdesk.dicom.json_model import from_json

    if isinstance(found, dict) and isinstance(found.get("attributes"), dict):
        found = found["attributes"]
    try:
        return _draft(name, row, from_json(found))
    except ValueError as error:
        return Draft(name, row, problem=_sentence(str(error)))


# CSV


def _csv_drafts(name: str, text: str) -> Iterator[Draft]:
    """A line a workitem; the header names attributes by keyword or 8 hex digits.

    Nested ones are joined by `/` or a period; `[2]` after a sequence means its second item. An empty cell
    says nothing, so that the attribute is left to what every new workitem carries.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        head = next(reader, [])
        columns = _columns(head)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _csv_draft(name, reader.line_num, columns, cells)
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num} is no CSV: {error}") from None


def _delimiter(text: str) -> str:
    """The comma, or what the header has instead: spreadsheets write semicolons in many countries."""
    head = text.split("\n", 1)[0]
    return max(_DELIMITERS, key=lambda one: (head.count(one), -_DELIMITERS.index(one)))


def _columns(head: Sequence[str]) -> tuple[tuple[Step, ...] | None, ...]:
    from upsdesk.dicom.paths import parse_steps

    found: list[tuple[Step, ...] | None] = []
    for number, cell in enumerate(head, start=1):
        if not cell.strip():
            found.append(None)
            continue
        try:
            steps = parse_steps(cell.strip().replace(".", "/"))
        except ValueError as error:
            raise ValueError(f"column {number} of the header: {error}") from None
        if steps in found:
            raise ValueError(f"column {number} of the header: {cell.strip()} stands there twice")
        found.append(steps)
    if not any(found):
        raise ValueError("the first line names no attribute")
    return tuple(found)


def _csv_draft(
    name: str, line: int, columns: Sequence[tuple[Step, ...] | None], cells: Sequence[str]
) -> Draft:
    from upsdesk.dicom.paths import element_from_text, placed

    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        return Draft(name, line, problem=f"It has {len(cells)} cells, and the header {len(columns)}.")
    leaves: list[tuple[tuple[Step, ...], Element]] = []
    for steps, cell in zip(columns, cells, strict=False):
        if not cell.strip():
            continue
        if steps is None:
            return Draft(name, line, problem="A cell has a value, and its column no name.")
        try:
            leaves.append((steps, element_from_text(steps[-1][0], cell)))
        except ValueError as error:
            return Draft(name, line, problem=_sentence(str(error)))
    try:
        return _draft(name, line, placed(Elements(), leaves))
    except ValueError as error:
        return Draft(name, line, problem=_sentence(str(error)))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "?")) else ".")
