"""What a form means: values read from a data set, what is wrong with them, and what would be sent."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from enum import Enum
from functools import cached_property

from upsdesk.domain import attributes, tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Element, Elements, Path
from upsdesk.domain.requirements import completed_for_create
from upsdesk.domain.spots import Spot, first_spot, path_of, spot_of
from upsdesk.domain.three_way import Conflict, conflicts, merged
from upsdesk.domain.validation import Kind as WrongKind
from upsdesk.domain.validation import check_create, check_set
from upsdesk.domain.when import in_zone, moment_or_none, parse_date
from upsdesk.services.drafts import KeptForm
from upsdesk.services.readback import attribute_name
from upsdesk.ui.editor.field_values import (
    NO_CODE,
    FieldValue,
    element_lines,
    moment_text,
    read_moment,
    text_element,
    value_problem,
)
from upsdesk.ui.editor.specs import BY_ID, SPECS, FieldSpec, Kind

_FIELD_AT = {first_spot(spec.path): spec for spec in SPECS}
_WRITTEN_BY_THE_WIRE = frozenset({tags.SPECIFIC_CHARACTER_SET})
"""Set when the request is encoded, by what its texts need."""
_PERFORMER_FIELDS = ("performer_name", "performer_code", "organization")


class Mode(Enum):
    """What the form is for."""

    CREATE = "create"
    EDIT = "edit"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an attribute: `text` stands beside it, `sentence` at the foot of the page."""

    field_id: str
    """Empty: no field shows that attribute, the list of all attributes does."""
    text: str
    spot: Spot

    @property
    def words(self) -> str:
        """What is wrong: the field, else the attribute with those around it."""
        if self.field_id:
            return BY_ID[self.field_id].words
        return " › ".join(attribute_name(tag) for tag in path_of(self.spot))

    @property
    def sentence(self) -> str:
        text = self.text[0].lower() + self.text[1:]
        return f"{self.words}: {text}"


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
    """An immutable form: the data set it started from, what became of it, and the texts of its fields.

    Fields show some attributes of `tree`. What is typed in them is written over it when it can be, so that a
    text on its way to being a date waits in its field. Attributes without a field are changed in `tree`.
    """

    mode: Mode
    base: Elements
    zone: tzinfo
    """Zone of the desk: date-times are typed and shown in it."""
    data_set_zone: tzinfo
    """Zone of date-times of the data set that carry none."""
    tree: Elements = field(default_factory=Elements)
    values: Mapping[str, FieldValue] = field(default_factory=dict)

    @classmethod
    def of(cls, mode: Mode, base: Elements, zone: tzinfo, data_set_zone: tzinfo | None = None) -> Form:
        """The form that shows `base` unchanged."""
        return cls(mode, base, zone, data_set_zone or zone)._showing(base)

    def _showing(self, tree: Elements) -> Form:
        shown = replace(self, tree=tree)
        return replace(shown, values={spec.id: shown._value_in(tree, spec) for spec in SPECS})

    def initial(self, field_id: str) -> FieldValue:
        """What the field shows of the data set that the form started from."""
        return self._value_in(self.base, BY_ID[field_id])

    def _value_in(self, elements: Elements, spec: FieldSpec) -> FieldValue:
        if spec.kind is Kind.CODE:
            items = elements.items(*spec.path)
            return Code.read(items[0]) if items else NO_CODE
        text = elements.text(*spec.path)
        if spec.kind is Kind.MOMENT:
            offset = elements.text(tags.TIMEZONE_OFFSET_FROM_UTC)
            moment = moment_or_none(text, data_set_offset=offset, default_zone=self.data_set_zone)
            return moment_text(in_zone(moment.instant, self.zone)) if moment else text
        if spec.kind is Kind.DATE:
            day = parse_date(text)
            return day.isoformat() if day else text
        return text

    def with_value(self, field_id: str, value: FieldValue) -> Form:
        return replace(self, values={**self.values, field_id: value})

    def with_tree(self, tree: Elements) -> Form:
        """Attributes were changed where all of them are listed; what a field cannot write yet stays in it."""
        shown = self._showing(tree)
        return replace(
            shown, values={**shown.values, **{one: self.values[one] for one in self._unwritable()}}
        )

    def rebased(self, base: Elements, keep_mine: Collection[int] | None = None) -> Form:
        """The same edits on a data set that was read anew.

        `keep_mine`: of what was changed there too, keep these; None: keep all.
        """
        contested = {one.tag for one in self.conflicts(base)}
        kept = contested if keep_mine is None else contested & set(keep_mine)
        tree = merged(self.base, self.written(), base, kept)
        waiting = [one for one in self._unwritable() if BY_ID[one].tag not in contested - kept]
        fresh = replace(self, base=base)._showing(tree)
        return replace(fresh, values={**fresh.values, **{one: self.values[one] for one in waiting}})

    def conflicts(self, base: Elements) -> tuple[Conflict, ...]:
        """What was changed here and, in another way, in a data set that was read anew."""
        return conflicts(self.base, self.written(), base)

    def is_locked(self, spec: FieldSpec) -> bool:
        return self.mode is Mode.EDIT and spec.is_locked_in_edit

    def changed(self) -> tuple[str, ...]:
        """The fields that differ from what the form started from, in the order of the page."""
        return self._changed

    @cached_property
    def _changed(self) -> tuple[str, ...]:
        """Asked for by each field's rules at each key."""
        return tuple(spec.id for spec in SPECS if self.values[spec.id] != self.initial(spec.id))

    def _unwritable(self) -> list[str]:
        """Fields whose text cannot be written."""
        return [
            spec.id
            for spec in SPECS
            if self.values[spec.id] != self._value_in(self.tree, spec)
            and self.values[spec.id] not in ("", NO_CODE)
            and value_problem(spec, self.values[spec.id])
        ]

    def problems(self) -> tuple[Problem, ...]:
        """What must be mended before anything is sent: fields in the order of the page, then the rest."""
        return self._problems

    @cached_property
    def _problems(self) -> tuple[Problem, ...]:
        changed = set(self.changed())
        found = []
        for spec in SPECS:
            wrong = self._problem(spec, spec.id in changed)
            if wrong:
                found.append(Problem(spec.id, wrong, first_spot(spec.path)))
        return (*found, *self._problems_of_the_tree({BY_ID[one.field_id].tag for one in found}))

    def _problems_of_the_tree(self, wrong: Collection[int]) -> Iterator[Problem]:
        """By the rules that an SCP has (PS3.4 Table CC.2.5-3); `wrong` tags are complained of already."""
        made = self.written()
        if self.mode is Mode.CREATE:
            found = check_create(completed_for_create(_completed_request(made)))
        else:
            found = check_set(self.base.changes_to(made))
        for one in found:
            if one.path[0] in wrong or one.kind is WrongKind.OUT_OF_RANGE or one.tag in _WRITTEN_BY_THE_WIRE:
                continue
            spec = _FIELD_AT.get(spot_of(one.path, one.items))
            yield Problem(spec.id if spec else "", _sentence(one.words), spot_of(one.path, one.items))

    def waiting(self) -> Mapping[str, FieldValue]:
        """Texts of fields that cannot be written, by field."""
        return {one: self.values[one] for one in self._unwritable()}

    def with_kept(self, kept: KeptForm) -> Form:
        """What was kept of a form, on the data set of this one; in a conflict what was typed stays."""
        form = replace(self, base=kept.base).with_tree(kept.tree)
        texts = {name: value for name, value in kept.waiting.items() if name in form.values}
        form = replace(form, values={**form.values, **texts})
        return form.rebased(self.base) if self.base != kept.base else form

    def kept(self) -> KeptForm:
        """All that is needed to go on with it another day."""
        return KeptForm(self.base, self.written(), self.waiting())

    def written(self) -> Elements:
        """The data set with all that can be written. Untouched attributes keep their bytes."""
        return self._written

    @cached_property
    def _written(self) -> Elements:
        made = self.tree
        for spec in SPECS:
            value = self.values[spec.id]
            if value == self._value_in(self.tree, spec):
                continue
            if value in ("", NO_CODE) or not value_problem(spec, value):
                made = _put(made, spec.path, self._leaf(made, spec, value))
        # What is empty now and was not there is as it was.
        gone = [
            one.tag for one in made if one.is_empty and one.tag not in self.base and one.tag not in self.tree
        ]
        return made.without(*gone)

    def _leaf(self, made: Elements, spec: FieldSpec, value: FieldValue) -> Element:
        """The attribute of a field as it is written; put back, it is what it was, byte for byte."""
        known = self.base.get(*spec.path)
        others = made.items(*spec.path)[1:]
        if value == self.initial(spec.id) and known is not None and (known.items or ())[1:] == others:
            return known
        if isinstance(value, Code):
            first = () if value == NO_CODE else (value.to_elements(),)
            return sequence(spec.path[-1], *first, *others)
        return text_element(spec, value, self.zone)

    def elements(self) -> Elements:
        """The data set that the form describes. Call it only without `problems`."""
        if self.mode is Mode.CREATE:
            return completed_for_create(_completed_request(self.written()))
        return self.written()

    def to_send(self) -> Elements:
        """What the request carries: the whole of a new workitem, else what differs (PS3.4 CC.2.6.2)."""
        return self.elements() if self.mode is Mode.CREATE else self.base.changes_to(self.elements())

    def changes(self) -> tuple[Change, ...]:
        """What will be sent, in words; what has a field first, in the order of the page."""
        held_back = {problem.spot[0] for problem in self.problems()}
        made = self.written()
        changed = {BY_ID[field_id].tag: None for field_id in self.changed()}
        changed |= dict.fromkeys(sorted(self.base.changes_to(made).tags))
        words = {spec.tag: _words(spec) for spec in SPECS}
        return tuple(
            Change(
                words.get(tag) or attribute_name(tag),
                tag,
                element_lines(self.base.get(tag)),
                element_lines(made.get(tag)),
                is_whole_sequence=(made.get(tag) or self.base.get(tag) or element(tag)).vr == "SQ",
                held_back=tag in held_back,
            )
            for tag in changed
        )

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
        return value_problem(spec, value) or self._order_problem(spec)

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


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]


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
