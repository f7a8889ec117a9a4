"""Matching of C-FIND keys, kind by kind (PS3.4 C.2.2.2)."""

import fnmatch
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from upsdesk.dicom.find_extension import FindExtension
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.when import format_moment
from upsdesk.scp.matching import BadKey, compile_query
from upsdesk.scp.narrowing import Key, When, folded_name

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


def test_wildcards_are_looked_up_too() -> None:
    query = compile_query(Elements([element(_ID, "DEMO-*")]), UTC)
    assert query.narrowing.like == ((Key.PATIENT_ID, "DEMO-*"),)
