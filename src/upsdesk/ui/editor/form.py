"""What a form means: values read from a data set, what is wrong with them, and what would be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from enum import Enum
from functools import cached_property

from upsdesk.domain import attributes, tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Element, Elements, Path
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.requirements import completed_for_create
from upsdesk.domain.when import format_moment, in_zone, moment_or_none, parse_date
from upsdesk.ui.editor.specs import BY_ID, LENGTHS, SPECS, FieldSpec, Kind

NO_CODE = Code("", "", "")
FieldValue = str | Code
"""Text as it stands in the field (ISO date and time, person name as on the wire), or a code."""

_MOMENT_FORMATS = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")
_PERFORMER_FIELDS = ("performer_name", "performer_code", "organization")


class Mode(Enum):
    """What the form is for."""

    CREATE = "create"
    EDIT = "edit"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field: `text` stands beside it, `sentence` at the foot of the page."""

    field_id: str
    text: str

    @property
    def sentence(self) -> str:
        text = self.text[0].lower() + self.text[1:]
        return f"{BY_ID[self.field_id].words}: {text}"


@dataclass(frozen=True, slots=True)
class Change:
    """One top-level element that would be sent, in words: what was there, and what will be."""

    words: str
    tag: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    is_whole_sequence: bool = False
    held_back: bool = False
    """A field of it is wrong, so nothing of it can be sent yet."""


@dataclass(frozen=True)
class Form:
    """An immutable form: the data set it started from and the values of its fields."""

    mode: Mode
    base: Elements
    zone: tzinfo
    """Zone of the desk: date-times are typed and shown in it."""
    data_set_zone: tzinfo
    """Zone of date-times of the data set that carry none."""
    values: Mapping[str, FieldValue] = field(default_factory=dict)

    @classmethod
    def of(cls, mode: Mode, base: Elements, zone: tzinfo, data_set_zone: tzinfo | None = None) -> Form:
        """The form that shows `base` unchanged."""
        form = cls(mode, base, zone, data_set_zone or zone)
        return replace(form, values={spec.id: form.initial(spec.id) for spec in SPECS})

    def initial(self, field_id: str) -> FieldValue:
        """What the field shows of the data set that the form started from."""
        spec = BY_ID[field_id]
        if spec.kind is Kind.CODE:
            items = self.base.items(*spec.path)
            return Code.read(items[0]) if items else NO_CODE
        text = self.base.text(*spec.path)
        if spec.kind is Kind.MOMENT:
            offset = self.base.text(tags.TIMEZONE_OFFSET_FROM_UTC)
            moment = moment_or_none(text, data_set_offset=offset, default_zone=self.data_set_zone)
            return moment_text(in_zone(moment.instant, self.zone)) if moment else text
        if spec.kind is Kind.DATE:
            day = parse_date(text)
            return day.isoformat() if day else text
        return text

    def with_value(self, field_id: str, value: FieldValue) -> Form:
        return replace(self, values={**self.values, field_id: value})

    def rebased(self, base: Elements) -> Form:
        """The same edits on a data set that was read anew."""
        fresh = Form.of(self.mode, base, self.zone, self.data_set_zone)
        return replace(fresh, values={**fresh.values, **{one: self.values[one] for one in self.changed()}})

    def is_locked(self, spec: FieldSpec) -> bool:
        return self.mode is Mode.EDIT and spec.is_locked_in_edit

    def changed(self) -> tuple[str, ...]:
        """The fields that differ from what the form started from, in the order of the page."""
        return self._changed

    @cached_property
    def _changed(self) -> tuple[str, ...]:
        """Asked for by each field's rules at each key."""
        return tuple(spec.id for spec in SPECS if self.values[spec.id] != self.initial(spec.id))

    def problems(self) -> tuple[Problem, ...]:
        """What must be mended before anything is sent, in the order of the page."""
        changed = set(self.changed())
        found = []
        for spec in SPECS:
            wrong = self._problem(spec, spec.id in changed)
            if wrong:
                found.append(Problem(spec.id, wrong))
        return tuple(found)

    def elements(self) -> Elements:
        """The data set that the form describes. Untouched attributes keep their bytes.

        Call it only without `problems`; raises ValueError for a value that cannot be written.
        """
        made = self.base
        for field_id in self.changed():
            made = _written(made, BY_ID[field_id], self.values[field_id], self.zone)
        if self.mode is Mode.CREATE:
            return completed_for_create(_completed_request(made))
        return made

    def to_send(self) -> Elements:
        """What the request carries: the whole of a new workitem, else what differs (PS3.4 CC.2.6.2)."""
        return self.elements() if self.mode is Mode.CREATE else self.base.changes_to(self.elements())

    def changes(self) -> tuple[Change, ...]:
        """What will be sent, in words and in the order of the page."""
        wrong = {BY_ID[problem.field_id].tag for problem in self.problems()}
        made = self.base
        for field_id in self.changed():
            spec = BY_ID[field_id]
            if spec.tag not in wrong:
                made = _written(made, spec, self.values[field_id], self.zone)
        found: dict[int, Change] = {}
        for field_id in self.changed():
            spec = BY_ID[field_id]
            if spec.tag in found:
                continue
            found[spec.tag] = Change(
                _words(spec),
                spec.tag,
                element_lines(self.base.get(spec.tag)),
                element_lines(made.get(spec.tag)),
                is_whole_sequence=spec.top.vr == "SQ",
                held_back=spec.tag in wrong,
            )
        return tuple(found.values())

    def _problem(self, spec: FieldSpec, is_changed: bool) -> str:
        value = self.values[spec.id]
        is_empty = value in ("", NO_CODE)
        if spec.id in _PERFORMER_FIELDS and (is_changed or is_empty):
            incomplete = self._performer_problem(spec.id, is_empty)
            if incomplete:
                return incomplete
        if self.mode is Mode.CREATE and spec.is_required_in_create and is_empty:
            return "Needed for every workitem"
        if spec.id == "request_study" and is_empty and self.mode is Mode.CREATE:
            if self.values["accession"] or self.values["procedure_id"]:
                return "A request needs the UID of its study"
            return ""
        if self.mode is Mode.EDIT and is_changed and is_empty and spec.keeps_a_value:
            return "Cannot be emptied any more: write another value"
        if is_empty:
            return ""
        if not (is_changed or self.mode is Mode.CREATE):  # untouched, but a new start may lie behind it
            return self._order_problem(spec) if "start" in self.changed() else ""
        return _value_problem(spec, value) or self._order_problem(spec)

    def _performer_problem(self, field_id: str, is_empty: bool) -> str:
        """A performer's item has name, code and organization, all with a value (PS3.4 Table CC.2.5-3)."""
        given = [one for one in _PERFORMER_FIELDS if self.values[one] not in ("", NO_CODE)]
        edited = set(self.changed()) & set(_PERFORMER_FIELDS)
        if not edited or not given or not is_empty:
            return ""
        return "Needed, since a performer is named" if field_id not in given else ""

    def _order_problem(self, spec: FieldSpec) -> str:
        if spec.id not in ("end", "expiration"):
            return ""
        start, this = (read_moment(str(self.values[one])) for one in ("start", spec.id))
        if start is None or this is None or this > start:
            return ""
        shown = f"{start:%H:%M}" if start.date() == this.date() else moment_text(start)
        return f"Must be after the start, {shown}"


def moment_text(when: datetime) -> str:
    """`2026-11-19 09:40`; seconds only when there are some."""
    return when.strftime(_MOMENT_FORMATS[1 if when.second else 0])


def read_moment(text: str) -> datetime | None:
    """The date and time of a field, without a zone; None when it is not one."""
    for form in _MOMENT_FORMATS:
        try:
            return datetime.strptime(text.strip(), form)
        except ValueError:
            continue
    return None


def read_date(text: str) -> date | None:
    """The date of a field; None when it is not one."""
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d").date()
    except ValueError:
        return None


def _value_problem(spec: FieldSpec, value: FieldValue) -> str:
    if isinstance(value, Code):
        return _code_problem(value)
    if spec.kind is Kind.MOMENT:
        return "" if read_moment(value) else "Write date and time as 2026-11-19 09:40"
    if spec.kind is Kind.DATE:
        return "" if read_date(value) else "Write the date as 1957-03-14"
    if spec.kind is Kind.UID:
        return _uid_problem(value)
    if spec.kind is Kind.NAME:
        return _name_problem(value)
    return _text_problem(value, spec.attribute.vr)


def _text_problem(text: str, vr: str) -> str:
    limit = LENGTHS.get(vr, 64)
    if len(text) > limit:
        return f"At most {limit} characters; this has {len(text)}"
    if vr != "LT" and "\\" in text:
        return "A backslash is not allowed here"
    if any(ord(char) < 32 and not (vr == "LT" and char in "\n\r\t\f") for char in text):
        return "A control character is not allowed here"
    return ""


def _code_problem(code: Code) -> str:
    missing = [
        words
        for words, part in (("value", code.value), ("scheme", code.scheme), ("meaning", code.meaning))
        if not part
    ]
    if missing:
        return f"A code needs its {' and '.join(missing)}"
    return (
        _text_problem(code.scheme, "SH")
        or _text_problem(code.meaning, "LO")
        or _text_problem(code.value, "LO")
    )


def _name_problem(raw: str) -> str:
    groups = raw.split("=")
    if len(groups) > 3:
        return "A name has at most three representations, separated by ="
    if any(group.count("^") > 4 for group in groups):
        return "A name has at most five parts, separated by ^"
    return next((wrong for wrong in (_text_problem(group, "PN") for group in groups) if wrong), "")


def _uid_problem(text: str) -> str:
    try:
        SopInstanceUid.parse(text)
    except ValueError:
        return "Not a UID: digits and periods, at most 64 characters"
    return ""


def _written(elements: Elements, spec: FieldSpec, value: FieldValue, zone: tzinfo) -> Elements:
    """`elements` with the field's attribute; other items of its sequence stay as they are."""
    if isinstance(value, Code):
        others = elements.items(*spec.path)[1:]
        first = () if value == NO_CODE else (value.to_elements(),)
        return _put(elements, spec.path, sequence(spec.path[-1], *first, *others))
    text = value
    if text and spec.kind is Kind.MOMENT:
        naive = read_moment(text)
        if naive is None:
            raise ValueError(f"{spec.words}: {text!r} is no date and time")
        text = format_moment(naive.replace(tzinfo=zone))
    elif text and spec.kind is Kind.DATE:
        day = read_date(text)
        if day is None:
            raise ValueError(f"{spec.words}: {text!r} is no date")
        text = day.strftime("%Y%m%d")
    return _put(elements, spec.path, element(spec.path[-1], text) if text else element(spec.path[-1]))


def _put(elements: Elements, path: Path, leaf: Element) -> Elements:
    """`elements` with `leaf` at `path`, through first items; a first item that ends up empty is taken out."""
    if len(path) == 1:
        return elements.with_elements(leaf)
    items = elements.items(path[0])
    inner = _put(items[0] if items else Elements(), path[1:], leaf)
    kept = () if all(one.is_empty for one in inner) else (inner,)
    return elements.with_elements(sequence(path[0], *kept, *items[1:]))


def _completed_request(elements: Elements) -> Elements:
    """A referenced request carries its Type 2 attributes, if need be empty (PS3.4 Table CC.2.5-3)."""
    items = elements.items(tags.REFERENCED_REQUEST_SEQUENCE)
    if not items:
        return elements
    needed = [
        element(path[-1])
        for path, row in attributes.by_path().items()
        if len(path) == 2
        and path[0] == tags.REFERENCED_REQUEST_SEQUENCE
        and row.scu_type_create == "2"
        and path[-1] not in items[0]
    ]
    first = items[0].with_elements(*needed)
    return elements.with_elements(sequence(tags.REFERENCED_REQUEST_SEQUENCE, first, *items[1:]))


def _words(spec: FieldSpec) -> str:
    """What the whole element is called: the field, or the sequence that several fields share."""
    if spec.tag == tags.SCHEDULED_HUMAN_PERFORMERS_SEQUENCE:
        return "Performer"
    if spec.tag == tags.REFERENCED_REQUEST_SEQUENCE:
        return "Request"
    return spec.words


def element_lines(found: Element | None) -> tuple[str, ...]:
    """An element for a person: one text per value or code, none when it is empty."""
    if found is None or found.is_empty:
        return ()
    if found.items is None:
        return (found.text,)
    lines: list[str] = []
    for item in found.items:
        code = Code.read(item)
        if code.value or code.meaning:
            lines.append(f"{code.value} {code.scheme}\n{code.meaning}".strip())
        else:
            lines += [line for child in item if not child.is_empty for line in element_lines(child)]
    return tuple(lines)
