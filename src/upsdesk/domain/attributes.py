"""The attributes of a UPS: usage per service, final state, matching and return (PS3.4 Table CC.2.5-3)."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from upsdesk import resources
from upsdesk.domain import tags
from upsdesk.domain.elements import Element, Elements, Path, Value


@dataclass(frozen=True, slots=True)
class Attribute:
    """One row of the table. Usages are texts such as `1/1` (SCU type / SCP type) or `NA` (not allowed)."""

    keyword: str
    tag: int
    vr: str
    module: str
    parent: tuple[str, ...]
    """Keywords of the enclosing sequences, outermost first; empty at the top level."""
    ncreate: str
    nset: str
    nget: str
    final: str
    """R, RC, P (COMPLETED only), X (CANCELED only), O, or empty: as its sequence."""
    match: str
    return_key: str
    note: str

    @property
    def in_ncreate(self) -> bool:
        return not self.ncreate.startswith(("NA", "-/"))

    @property
    def in_nset(self) -> bool:
        return not self.nset.startswith(("NA", "-/"))

    @property
    def in_nget(self) -> bool:
        return self.nget != "NA"

    @property
    def scu_type_create(self) -> str:
        """`1`, `1C`, `2`, `2C`, `3`, or `NA`."""
        return self.ncreate.partition("/")[0] if self.in_ncreate else "NA"


@cache
def table() -> tuple[Attribute, ...]:
    """All rows, in the order of the Standard's table."""
    rows = csv.DictReader(resources.read_text("ups_attributes.csv").splitlines())
    return tuple(
        Attribute(
            keyword=row["keyword"],
            tag=int(row["tag"].strip("()").replace(",", ""), 16),
            vr=row["vr"],
            module=row["module"],
            parent=tuple(row["parent_sequence_keyword"].split(".")) if row["parent_sequence_keyword"] else (),
            ncreate=row["ncreate"],
            nset=row["nset"],
            nget=row["nget"],
            final=row["final"],
            match=row["match"],
            return_key=row["return"],
            note=row["note"],
        )
        for row in rows
    )


@cache
def top_level() -> dict[int, Attribute]:
    """The rows that are not inside a sequence, by tag."""
    return {row.tag: row for row in table() if not row.parent}


@cache
def by_path() -> dict[Path, Attribute]:
    """Every row by the tags from the top level down."""
    by_keyword = _tag_by_keyword()
    return {(*(by_keyword[keyword] for keyword in row.parent), row.tag): row for row in table()}


@cache
def _vr_by_tag() -> dict[int, str]:
    event_attributes = {
        tags.DELETION_LOCK: "LO",
        tags.RECEIVING_AE: "AE",
        tags.REQUESTING_AE: "AE",
        tags.SCP_STATUS: "CS",
        tags.SUBSCRIPTION_LIST_STATUS: "CS",
        tags.UNIFIED_PROCEDURE_STEP_LIST_STATUS: "CS",
        tags.TIMEZONE_OFFSET_FROM_UTC: "SH",
    }
    return {row.tag: row.vr for row in table()} | event_attributes


def vr_of(tag: int) -> str:
    """The VR of an attribute of the UPS or of its events; raise KeyError for any other."""
    return _vr_by_tag()[tag]


def tag_of(keyword: str) -> int | None:
    """The tag of a keyword of the table, else None."""
    return _tag_by_keyword().get(keyword)


@cache
def _tag_by_keyword() -> dict[str, int]:
    return {row.keyword: row.tag for row in table()}


def element(tag: int, *values: Value) -> Element:
    """An element of the UPS with its VR from the table; without values it is empty."""
    vr = vr_of(tag)
    return Element(tag, vr, items=()) if vr == "SQ" else Element(tag, vr, values)


def sequence(tag: int, *items: Iterable[Element]) -> Element:
    """A sequence element with these items."""
    return Element(tag, "SQ", items=tuple(Elements(item) for item in items))


@cache
def get_tags() -> tuple[int, ...]:
    """What an N-GET asks for by default: every top-level attribute that N-GET allows (PS3.4 CC.2.7.2)."""
    return tuple(
        sorted({row.tag for row in top_level().values() if row.in_nget} | {tags.TIMEZONE_OFFSET_FROM_UTC})
    )


@cache
def create_type_2() -> tuple[Attribute, ...]:
    """Top-level attributes that an N-CREATE must carry, if need be empty."""
    return tuple(row for row in top_level().values() if row.scu_type_create == "2")


@cache
def create_type_1() -> tuple[Attribute, ...]:
    """Top-level attributes that an N-CREATE must carry with a value."""
    return tuple(row for row in top_level().values() if row.scu_type_create == "1")
