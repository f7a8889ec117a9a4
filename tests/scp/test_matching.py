"""Matching of C-FIND keys, kind by kind (PS3.4 C.2.2.2)."""

import fnmatch
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from upsdesk.dicom.find_extension import FindExtension
from upsdesk.domain import attributes, tags
from upsdesk.domain.attributes import Attribute, element, sequence
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.folding import folded_name
from upsdesk.domain.when import format_moment
from upsdesk.scp.matching import BadKey, compile_query
from upsdesk.scp.narrowing import Key, When

_NAME, _ID, _LABEL = tags.PATIENT_NAME, tags.PATIENT_ID, tags.PROCEDURE_STEP_LABEL
_START = tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME
_STATION = tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE


def matches(key: Element, *stored: Element, zone: timezone = UTC) -> bool:  # type: ignore[assignment]
    return compile_query(Elements([key]), zone).matches(Elements(stored))


@pytest.mark.parametrize(
    ("key", "name", "expected"),
    [
        ("novák^jana", "Novák^Jana", True),
        ("NOVAK^JANA", "Novák^Jana", True),
        ("Novák^Jan", "Novák^Jana", False),
        ("Novák^Jan*", "Novák^Jana", True),
        ("Novák^Jan?", "Novák^Jan", False),
        ("Novák^*", "Novák", True),
        ("Novák", "Novák^^^", True),
        ("*mullER*", "Müller^Jörg", True),
        ("strasse*", "Straße^Eva", True),
        ("Soren*", "Sørensen^Rasmus", True),
        ("dai*", "Đại^An", True),
        ("小林*", "Kobayashi^Haruka=小林^遥=こばやし^はるか", True),
        ("kobayashi*=小林*", "Kobayashi^Haruka=小林^遥", True),
        ("=小林*", "Kobayashi^Haruka=小林^遥", True),
        ("=大林*", "Kobayashi^Haruka=小林^遥", False),
        ("서^민지", "Seo^Min-ji=서^민지", True),
        ("ΜΑΥΡΙΔΗΣ*", "Μαυρίδης^Στέλιος", True),
        ("СОКОЛОВА*", "Соколова^Вероника", True),
        ("*", "", True),
    ],
)
def test_names(key: str, name: str, expected: bool) -> None:
    assert matches(element(_NAME, key), element(_NAME, name)) is expected


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("AB-1", "AB-1", True),
        ("ab-1", "AB-1", False),
        ("AB*", "AB-1", True),
        ("A?-1", "AB-1", True),
        ("A?1", "AB-1", False),
        ("A.-1", "AB-1", False),
        ("[AB]*", "AB-1", False),
        ("AB-1 ", "AB-1", True),
        ("AB-1", " AB-1  ", True),
    ],
)
def test_texts(key: str, value: str, expected: bool) -> None:
    assert matches(element(_ID, key), element(_ID, value)) is expected


def test_one_of_several_values_is_enough() -> None:
    key = element(0x00102000, "Latex")
    assert matches(key, element(0x00102000, "Iodine", "Latex"))
    assert not matches(key, element(0x00102000, "Iodine"))


@given(st.text("ab*?", max_size=6), st.text("ab", max_size=6))
def test_wildcards_are_those_of_the_shell(pattern: str, value: str) -> None:
    found = matches(element(_LABEL, pattern) if pattern else element(_LABEL), element(_LABEL, value))
    assert found is (not pattern or fnmatch.fnmatchcase(value, pattern))


@given(st.text(max_size=20))
@example("㍺")  # decomposes into capitals
def test_a_folded_name_is_folded_already(text: str) -> None:
    assert folded_name(folded_name(text)) == folded_name(text)


_INSTANTS = st.datetimes(datetime(1950, 1, 1), datetime(2090, 1, 1)).map(lambda at: at.replace(microsecond=0))
_ZONES = st.integers(-48, 56).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))


@given(_INSTANTS, _ZONES, _ZONES, _ZONES, st.integers(-3, 3), st.integers(0, 5))
def test_ranges_compare_instants_whatever_their_zones(
    at: datetime, low_zone: timezone, high_zone: timezone, zone: timezone, shift: int, width: int
) -> None:
    low = at.replace(tzinfo=UTC)
    high = low + timedelta(seconds=width)
    stored = low + timedelta(seconds=shift)
    key = f"{format_moment(low.astimezone(low_zone))}-{format_moment(high.astimezone(high_zone))}"
    value = format_moment(stored.astimezone(zone))
    assert matches(element(_START, key), element(_START, value)) is (low <= stored <= high)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("20260310", True),
        ("20260309", False),
        ("202603", True),
        ("2026031012", True),
        ("2026031011", False),
        ("20260310123000", True),
        ("20260310123001", False),
        ("20260310-20260311", True),
        ("20260301-20260310", True),
        ("-20260310", True),
        ("20260311-", False),
        ("20260310143000+0200", True),
        ("20260310073000-0500", True),
    ],
)
def test_date_times_without_a_zone_take_that_of_the_server(key: str, expected: bool) -> None:
    assert matches(element(_START, key), element(_START, "20260310123000")) is expected


def test_the_zone_of_the_data_set_counts_before_that_of_the_server() -> None:
    stored = element(_START, "20260310123000"), element(tags.TIMEZONE_OFFSET_FROM_UTC, "+0200")
    assert matches(element(_START, "20260310103000+0000"), *stored)


def test_keys_without_a_zone_take_the_one_that_the_query_names_where_that_was_agreed_on() -> None:
    keys = Elements([element(_START, "20260310123000"), element(tags.TIMEZONE_OFFSET_FROM_UTC, "+0200")])
    agreed = compile_query(keys, UTC, FindExtension(timezone=True))
    stored = Elements([element(_START, "20260310103000+0000")])
    assert agreed.matches(stored)
    assert agreed.narrowing.ranges[0].low == datetime(2026, 3, 10, 10, 30, tzinfo=UTC).timestamp()
    assert not compile_query(keys, UTC).matches(stored)


def test_an_empty_date_time_is_in_no_range() -> None:
    assert not matches(element(_START, "19000101-"), element(_START))
    assert not matches(element(_START, "19000101-"), element(_START, "soon"))


def item(value: str, scheme: str) -> list[Element]:
    return [element(tags.CODE_VALUE, value), element(tags.CODING_SCHEME_DESIGNATOR, scheme)]


def test_all_keys_of_a_sequence_match_within_one_item() -> None:
    stored = sequence(_STATION, item("A", "X"), item("B", "Y"))
    assert matches(sequence(_STATION, item("A", "X")), stored)
    assert matches(sequence(_STATION, item("B", "Y")), stored)
    assert not matches(sequence(_STATION, item("A", "Y")), stored)


def test_a_sequence_whose_keys_are_empty_matches_anything() -> None:
    empty = [element(tags.CODE_VALUE), element(tags.CODE_MEANING)]
    assert matches(sequence(_STATION, empty))
    assert matches(sequence(_STATION, []))
    assert matches(sequence(_STATION), sequence(_STATION))


def test_two_items_in_a_key_are_refused() -> None:
    with pytest.raises(BadKey, match="one item"):
        compile_query(Elements([sequence(_STATION, item("A", ""), item("B", ""))]), UTC)


def test_private_and_unknown_attributes_match_as_well() -> None:
    key = Element(0x00991001, "LO", ("x",))
    assert matches(key, Element(0x00991001, "LO", ("x",)))
    assert not matches(key, Element(0x00991001, "LO", ("y",)))
    assert not matches(key)


def test_numbers_match_by_value() -> None:
    key = Element(0x001021C0, "US", (4,))
    assert matches(key, Element(0x001021C0, "US", (4,)))
    assert not matches(key, Element(0x001021C0, "US", (2,)))


def test_what_indexed_columns_can_decide() -> None:
    query = compile_query(
        Elements(
            [
                element(tags.PROCEDURE_STEP_STATE, "SCHEDULED"),
                element(_ID, "DEMO-1"),
                element(_START, "20260310000000+0000-20260311000000+0000"),
                sequence(_STATION, item("FX1", "")),
            ]
        ),
        UTC,
    )
    narrowing = query.narrowing
    assert narrowing.state == "SCHEDULED"
    assert set(narrowing.equal) == {(Key.PATIENT_ID, "DEMO-1"), (Key.STATION_NAME, "FX1")}
    (span,) = narrowing.ranges
    assert span.when is When.START
    assert datetime.fromtimestamp(span.low, UTC) == datetime(2026, 3, 10, tzinfo=UTC)
    assert 86400 <= span.high - span.low < 86401


@pytest.mark.parametrize(
    ("key", "kept"),
    [
        ("A*", "a*"),
        ("Ångström^?*", "angstrom*"),
        ("doe^*^*", "doe*"),
        ("*^j?n", "*^j?n"),
        ("=*子", "*子"),
    ],
)
def test_a_pattern_of_a_name_is_looked_up_in_folded_form(key: str, kept: str) -> None:
    query = compile_query(Elements([element(_NAME, key)]), UTC)
    assert query.narrowing.like == ((Key.PATIENT_NAME, kept),)


def test_a_pattern_of_many_stars_takes_no_longer() -> None:
    key, value = element(0x00400400, "a*" * 500 + "b"), element(0x00400400, "a" * 10_000)
    assert not matches(key, value)
    assert matches(key, element(0x00400400, "a" * 10_000 + "b"))
    [(_, pattern)] = compile_query(Elements([element(_LABEL, "ab*c*d?*e*f")]), UTC).narrowing.like
    assert pattern == "ab*c*d?*", "the database gets the beginning only"


_VALUES = {
    "CS": ("ABC", "XYZ"),
    "DA": ("20260310", "20260311"),
    "DS": ("1.50", "1.51"),
    "DT": ("20260310120000+0100", "20260310120001+0100"),
    "IS": ("7", "8"),
    "PN": ("Doe^Jane", "Doe^John"),
    "TM": ("101500", "101501"),
    "UI": ("1.2.3", "1.2.4"),
    "US": (4, 5),
    "FD": (0.5, 0.75),
    "UL": (6, 7),
}


def _nested(row: Attribute, value: str | int | float) -> Element:
    """An element of this row with a value, in as many sequences as it stands in."""
    inner = Element(row.tag, row.vr, (value,))
    for keyword in reversed(row.parent):
        tag = attributes.tag_of(keyword)
        assert tag is not None
        inner = Element(tag, "SQ", items=(Elements([inner]),))
    return inner


def _leaves(*kinds: str) -> list[Attribute]:
    return [
        row
        for row in attributes.table()
        if row.match in kinds and row.vr != "SQ" and row.tag not in (0x00080005, 0x00080201)
    ]


def test_every_key_of_the_table_is_matched_on() -> None:
    rows = _leaves("R", "O", "U")
    assert len(rows) > 150
    for row in rows:
        same, other = _VALUES.get(row.vr, ("abc", "abd"))
        query = compile_query(Elements([_nested(row, same)]), UTC)
        assert query.matches(Elements([_nested(row, same)])), row
        assert not query.matches(Elements([_nested(row, other)])), row
        assert not query.matches(Elements()), row
        assert not query.ignores_some, row


def test_what_the_table_gives_no_matching_is_ignored_and_said_to_be() -> None:
    rows = _leaves("-")
    assert len(rows) > 150
    for row in rows:
        query = compile_query(Elements([_nested(row, _VALUES.get(row.vr, ("abc", "abd"))[0])]), UTC)
        assert query.matches(Elements()), row
        assert query.ignores_some, row


def test_without_a_value_nothing_is_ignored() -> None:
    for row in _leaves("-"):
        inner = Elements([Element(row.tag, row.vr)])
        for keyword in reversed(row.parent):
            inner = Elements([Element(attributes.tag_of(keyword) or 0, "SQ", items=(inner,))])
        assert not compile_query(inner, UTC).ignores_some, row


def test_a_state_is_one_value_and_no_pattern() -> None:
    for tag in (0x00741000, 0x00741200, 0x00404041):
        assert not matches(element(tag, "*"), element(tag, "READY"))
        assert not matches(element(tag, "READ?"), element(tag, "READY"))
        assert matches(element(tag, "READY"), element(tag, "READY"))


def test_a_date_time_of_a_negative_offset_is_no_range() -> None:
    stored = element(_START, "20260310120000-0500")
    for key in (
        "20260310120000-0500",
        "20260310170000+0000",
        "20260310120000-0500-20260310130000-0500",
        "-20260310120000-0500",
        "20260310120000-0500-",
        "2026031012-0500",
    ):
        assert matches(element(_START, key), stored), key
    for key in ("20260310120000-0600", "20260310120001-0500-", "-20260310115959-0500"):
        assert not matches(element(_START, key), stored), key


@pytest.mark.parametrize(
    ("day", "time", "expected"),
    [
        ("20260310-20260312", "080000-170000", True),
        ("20260310-20260312", "200000-210000", True),  # from the 10th at 20:00 to the 12th at 21:00
        ("20260311", "0900-1000", True),
        ("20260311", "0800-0900", False),
        ("20260311-", "093000", True),
        ("20260311-", "100000-", False),
        ("-20260311", "-0929", False),
        ("20260309-20260311", "-09", True),
    ],
)
def test_a_date_and_its_time_are_matched_together(day: str, time: str, expected: bool) -> None:
    request = tags.REFERENCED_REQUEST_SEQUENCE
    stored = sequence(
        request, [Element(0x00402004, "DA", ("20260311",)), Element(0x00402005, "TM", ("093000",))]
    )
    key = sequence(request, [Element(0x00402004, "DA", (day,)), Element(0x00402005, "TM", (time,))])
    assert matches(key, stored) is expected


@pytest.mark.parametrize(
    "key",
    [
        element(_START, "yesterday"),
        element(_START, "20260310-20260399"),
        element(_START, "-"),
        Element(0x00100030, "DA", ("2026",)),
        Element(0x00100030, "DA", ("-",)),
        Element(0x00402005, "TM", ("25",)),
        Element(0x00402005, "TM", ("1200-9",)),
        Element(0x001021C0, "US", ("many",)),
        Element(_ID, "LO", ("A", "B")),
        element(tags.PROCEDURE_STEP_STATE, "SCHEDULED", "IN PROGRESS"),
    ],
    ids=str,
)
def test_a_key_without_a_meaning_is_named(key: Element) -> None:
    with pytest.raises(BadKey) as raised:
        compile_query(Elements([key]), UTC)
    assert raised.value.tag == key.tag
    assert not any(str(value) in str(raised.value) for value in key.values if len(str(value)) > 2)


def test_wildcards_are_looked_up_too() -> None:
    query = compile_query(Elements([element(_ID, "DEMO-*")]), UTC)
    assert query.narrowing.like == ((Key.PATIENT_ID, "DEMO-*"),)
