"""What data sets carry: the attributes of a UPS, the keys of a search, character sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tools.conformance.page import Part, listed, table, tag
from upsdesk.dicom.charsets import EXTENSIONS, UTF_8, WRITABLE
from upsdesk.dicom.paths import keyword_of
from upsdesk.domain import attributes, tags
from upsdesk.domain.attributes import Attribute
from upsdesk.domain.conditions import (
    CONDITIONS,
    CONTENT_VALUES,
    NOT_DECIDABLE,
    ONE_OF,
    VALUES_BY_TYPE,
    Macro,
    macro_of,
)
from upsdesk.domain.elements import Elements, Path
from upsdesk.domain.key_tests import SINGLE_VALUE_ONLY, WILDCARD_VRS
from upsdesk.domain.query import WORKLIST_RETURN_KEYS
from upsdesk.domain.requirements import final_needs, unmet_for_final
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.validation import Kind, check_set, only
from upsdesk.domain.value_rules import ENUMERATED, MOST_ITEMS, MULTI_VALUED
from upsdesk.scp.narrowing import KEY_PATHS, WHEN_TAGS
from upsdesk.scp.services.common import Surroundings

NEVER = "never"
BY_SCP = "SCP"


@dataclass(frozen=True)
class Row:
    """One line of a table of attributes: where it stands, and the macro that its items are made of."""

    path: Path
    attribute: Attribute
    macro: Macro | None

    @property
    def name(self) -> str:
        return ">" * (len(self.path) - 1) + self.attribute.keyword


@cache
def _children() -> dict[Path, list[Path]]:
    found: dict[Path, list[Path]] = defaultdict(list)
    for path in attributes.by_path():
        found[path[:-1]].append(path)
    return found


def rows(below: Path = ()) -> Iterator[Row]:
    """The attributes below a sequence, top level first; the items of macros are left out."""
    for path in _children().get(below, ()):
        macro = macro_of([one[-1] for one in _children().get(path, ())])
        yield Row(path, attributes.by_path()[path], macro)
        if macro is None:
            yield from rows(path)


def usage_in_create(row: Attribute) -> str:
    """What an N-CREATE to the SCP may do with an attribute: a type, `empty`, `never`, or `SCP`."""
    if row.ncreate.endswith("empty)"):
        return "2, empty"
    return _usage(row.ncreate)


def usage_in_set(path: Path, row: Attribute) -> str:
    """The same for N-SET; `3, value` must not be made empty."""
    if row.nset == "cond":
        return "lock"
    found = _usage(row.nset)
    emptied = check_set(Elements([attributes.element(path[0])])) if len(path) == 1 else ()
    return f"{found}, value" if found == "3" and only(emptied, Kind.EMPTY) else found


def _usage(text: str) -> str:
    if text.startswith("NA"):
        return NEVER
    return BY_SCP if text.startswith("-/") else text.partition("/")[0]


def usage_in_get(path: Path, row: Attribute) -> str:
    """Whether an N-GET may ask for it: with its sequence when it stands in one."""
    if not row.in_nget:
        return NEVER
    return "yes" if len(path) == 1 else "in it"


def _final(row: Attribute) -> str:
    return row.final or "as its sequence"


def _attribute_table() -> str:
    return table(
        ("Attribute", "Tag", "VR", "N-CREATE", "N-SET", "N-GET", "Final state", "Items"),
        (
            (
                one.name,
                tag(one.path[-1]),
                one.attribute.vr,
                usage_in_create(one.attribute),
                usage_in_set(one.path, one.attribute),
                usage_in_get(one.path, one.attribute),
                _final(one.attribute),
                _items(one),
            )
            for one in rows()
        ),
    )


def _items(row: Row) -> str:
    most = "at most one, " if row.path[-1] in MOST_ITEMS else ""
    if row.macro is not None:
        return f"{most}{row.macro.value}"
    return f"{most}as below" if row.attribute.vr == "SQ" else ""


def _macro_table() -> str:
    found = []
    for macro in Macro:
        at = _holder_of(macro)
        if at is None:
            continue
        for one in rows(at):
            depth = len(one.path) - len(at) - 1
            found.append(
                (
                    macro.value,
                    ">" * depth + one.attribute.keyword,
                    tag(one.path[-1]),
                    one.attribute.vr,
                    _in_group(macro, one, usage_in_create(one.attribute)),
                    _in_group(macro, one, usage_in_set(one.path, one.attribute)),
                    one.macro.value if one.macro is not None else "",
                )
            )
    return table(("Group", "Attribute", "Tag", "VR", "N-CREATE", "N-SET", "Items"), found)


def _in_group(macro: Macro, row: Row, usage: str) -> str:
    """A content item has the value of its Value Type, whatever the type of the attribute alone says."""
    is_one_of = macro is Macro.CONTENT_ITEM and row.path[-1] in CONTENT_VALUES
    return "1C" if is_one_of and usage != NEVER else usage


@cache
def _holder_of(macro: Macro) -> Path | None:
    """The sequence that the items of a macro are shown for: one that both services may write, if there is."""
    holders = [
        path
        for path in attributes.by_path()
        if macro_of([one[-1] for one in _children().get(path, ())]) is macro
    ]
    rank = {path: _refusals(path) for path in holders}
    return min(holders, key=rank.__getitem__, default=None)


def _refusals(path: Path) -> int:
    inner = [attributes.by_path()[one] for one in _children()[path]]
    return sum((not one.in_ncreate) + (not one.in_nset) for one in inner)


def _names(*numbers: int) -> str:
    return ", ".join(keyword_of(number) or tag(number) for number in numbers)


def _condition_table() -> str:
    found = [(one.macro.value, _names(*one.tags), one.words) for one in ONE_OF]
    found += [(one.macro.value, _names(one.tag), one.words) for one in CONDITIONS]
    found += [
        (
            Macro.CONTENT_ITEM.value,
            _names(*values),
            f"needed with the value type {kind}, and not allowed with another",
        )
        for kind, values in VALUES_BY_TYPE.items()
    ]
    return table(("Group", "Attributes", "Enforced"), found)


def _undecided_table() -> str:
    return table(
        ("Where", "Attribute", "Depends on"),
        (
            (macro.value if macro else "top level", _names(number), why)
            for (macro, number), why in NOT_DECIDABLE.items()
        ),
    )


def _value_table() -> str:
    return table(
        ("Attribute", "Tag", "Values that are accepted"),
        ((_names(number), tag(number), ", ".join(sorted(values))) for number, values in ENUMERATED.items()),
    )


def _final_table() -> str:
    found = []
    for state in (ProcedureStepState.COMPLETED, ProcedureStepState.CANCELED):
        by_path = {one.path: one for one in final_needs(state, Elements())}
        refused = {one.path for one in unmet_for_final(state, Elements())}
        for path in dict.fromkeys((*sorted(refused - by_path.keys()), *by_path)):
            need = by_path.get(path)
            found.append(
                (
                    state.value,
                    " > ".join(_names(one) for one in path),
                    _final_words(
                        need is not None and need.only_if_known,
                        need is not None and need.may_be_empty,
                        path in refused,
                    ),
                )
            )
    return table(("State", "Attribute", "Needed"), found)


def _final_words(only_if_known: bool, may_be_empty: bool, is_refused: bool) -> str:
    if may_be_empty:
        return "present, may be empty"
    if only_if_known:
        return "if known; each item that is there has a code or a name"
    return "with a value" if is_refused else "with a value; the SCP fills in the time of the request"


def matching_of(path: Path, row: Attribute) -> str:
    """How the SCP matches a key with a value."""
    number = path[-1]
    if row.vr == "SQ":
        return "within one item" if _has_keys(path) else "ignored, FF01"
    if row.match == "-":
        return "ignored, FF01"
    if number in SINGLE_VALUE_ONLY:
        return "single value"
    if row.vr == "UI":
        return "single value, list of UIDs"
    if row.vr == "PN":
        return "name"
    if row.vr in ("DT", "DA", "TM"):
        return "single value, range"
    return "single value, wild card" if row.vr in WILDCARD_VRS else "single value, as a number"


def _has_keys(path: Path) -> bool:
    below = (one for one in attributes.by_path() if len(one) > len(path) and one[: len(path)] == path)
    return any(attributes.by_path()[one].match != "-" for one in below)


_KEY_TYPES = {"R": "required", "O": "optional", "U": "unique", "-": "none"}


def _key_table() -> str:
    found = []
    for one in rows():
        if one.path[-1] == tags.SPECIFIC_CHARACTER_SET:
            continue
        found.append(
            (
                one.name,
                tag(one.path[-1]),
                _KEY_TYPES[one.attribute.match],
                matching_of(one.path, one.attribute),
                "never returned" if one.path == (tags.TRANSACTION_UID,) else one.attribute.return_key,
            )
        )
    return table(("Key", "Tag", "Standard", "Matching", "Return type"), found)


def _indexed() -> str:
    paths = [*KEY_PATHS.values(), *((number,) for number in WHEN_TAGS.values())]
    single = [(number,) for number in sorted(SINGLE_VALUE_ONLY)]
    return listed(" > ".join(_names(one) for one in path) for path in (*single, *paths))


def _scu_key_table() -> str:
    found = []
    for path in WORKLIST_RETURN_KEYS:
        row = attributes.by_path()[path]
        found.append((" > ".join(_names(one) for one in path), tag(path[-1]), row.return_key))
    return table(("Return key of the worklist", "Tag", "Return type"), found)


def scu_type_3_keys() -> tuple[int, ...]:
    """Type 3 Return Key Attributes that the worklist asks for (PS3.4 CC.4.1.1)."""
    paths = [path for path in WORKLIST_RETURN_KEYS if attributes.by_path()[path].return_key == "3"]
    return tuple(path[-1] for path in paths)


def _charset_table() -> str:
    found = [
        (term, "yes", "yes" if term != UTF_8 else "yes, and wherever another set does not suffice")
        for term in WRITABLE
    ]
    found += [(term, "yes", "no") for term in EXTENSIONS]
    return table(("Defined Term of (0008,0005)", "Read", "Written"), found)


def _lengths(names: set[int] | frozenset[int]) -> str:
    return listed(_names(one) for one in sorted(names))


PARTS: dict[str, Part] = {
    "attributes": _attribute_table,
    "macros": _macro_table,
    "conditions": _condition_table,
    "not_decidable": _undecided_table,
    "value_sets": _value_table,
    "multi_valued": lambda: _lengths(MULTI_VALUED),
    "final_requirements": _final_table,
    "keys": _key_table,
    "indexed_keys": _indexed,
    "scu_keys": _scu_key_table,
    "scu_type_3_keys": lambda: listed(_names(one) for one in scu_type_3_keys()),
    "get_tags": lambda: str(len(attributes.get_tags())),
    "character_sets": _charset_table,
    "worklist_label": lambda: str(Surroundings.__dataclass_fields__["worklist_label"].default),
}
