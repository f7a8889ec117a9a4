"""What a path column says of a workitem and what sorts it, whatever a peer has put there."""

from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dicom.strategies import data_sets as any_elements
from tests.ui.worklist.values import NOON, PEER, ZONE, key
from upsdesk.dicom import codec, dictionary
from upsdesk.dicom.codec import EXPLICIT
from upsdesk.domain import tags
from upsdesk.domain.elements import Element, Elements, Path
from upsdesk.domain.workitem import EncodedDataSet, Workitem
from upsdesk.services.desk import decode
from upsdesk.services.store import WorklistStore
from upsdesk.ui.worklist.columns import PathColumn, PathValue
from upsdesk.ui.worklist.path_values import PathValues

NUMERIC = 0x0040A30A
PARAMETERS = tags.SCHEDULED_PROCESSING_PARAMETERS_SEQUENCE


def value_of(elements: Elements, *path: int, vr: str = "") -> PathValue:
    """Over the encoded bytes, as they come from a peer."""
    workitem = Workitem(key(1), data=EncodedDataSet(codec.encode(elements, EXPLICIT), EXPLICIT))
    column = PathColumn(path, vr or dictionary.vr_of(path[-1]))
    return PathValues(WorklistStore(decode, zone_of=lambda peer: UTC), lambda: NOON, ZONE)(workitem, column)


@pytest.mark.parametrize(
    ("element", "text", "key"),
    [
        (Element(NUMERIC, "DS", ("9.50 ",)), "9.50", 9.5),
        (Element(NUMERIC, "DS", ("9.5", "30")), "9.5, 30", 9.5),
        (Element(NUMERIC, "DS", ("nan",)), "nan", float("inf")),
        (Element(0x00280010, "US", (512,)), "512", 512.0),
        (Element(0x00180015, "CS", ("HEAD",)), "HEAD", "head"),
        (Element(0x00100030, "DA", ("19570314",)), "1957-03-14", 714487.0),
        (Element(0x00080030, "TM", ("101530.25",)), "10:15:30", 36930.0),
        # 11:30 UTC is 12:30 at this desk; without a zone the peer's counts.
        (Element(tags.EXPECTED_COMPLETION_DATE_TIME, "DT", ("20261119113000+0000",)), "12:30", 1795087800.0),
        (Element(tags.EXPECTED_COMPLETION_DATE_TIME, "DT", ("20261119113000",)), "12:30", 1795087800.0),
        (Element(tags.EXPECTED_COMPLETION_DATE_TIME, "DT", ("soon",)), "soon", float("inf")),
        (Element(0x00080090, "PN", ("Weiß^Jürgen",)), "Weiß, Jürgen", "weiss, jurgen"),
        (Element(0x00209165, "AT", ("00100010",)), "(0010,0010)", "(0010,0010)"),
        (Element(0x00091001, "UN", raw=b"\1\2\3\4"), "4 bytes", "4 bytes"),
        (
            Element(0x00400400, "LT", ("Bolus 5 mm,\r\n\tarms up",)),
            "Bolus 5 mm, arms up",
            "bolus 5 mm, arms up",
        ),
        (Element(tags.PROCEDURE_STEP_LABEL, "LO"), "", ""),
    ],
)
def test_words_and_order_by_vr(element: Element, text: str, key: object) -> None:
    found = value_of(Elements([element]), element.tag)
    assert (found.text, found.key) == (text, key)


def parameter(*elements: Element) -> Elements:
    return Elements(elements)


def test_all_items_are_told_and_codes_by_their_meaning() -> None:
    code = Elements(
        [Element(tags.CODE_VALUE, "SH", ("2001",)), Element(tags.CODE_MEANING, "LO", ("Thickness",))]
    )
    items = (
        parameter(Element(NUMERIC, "DS", ("3",)), Element(0x0040A043, "SQ", items=(code,))),
        parameter(),
        parameter(Element(NUMERIC, "DS", ("1",))),
    )
    data = Elements([Element(PARAMETERS, "SQ", items=items)])
    assert value_of(data, PARAMETERS, NUMERIC) == PathValue("3, 1", 3.0)
    assert value_of(data, PARAMETERS, 0x0040A043).text == "Thickness"
    assert value_of(data, PARAMETERS).text == "3 items"
    assert value_of(data, PARAMETERS, 0x0040A043, tags.CODE_VALUE).text == "2001"


def test_what_an_answer_did_not_carry_is_blank() -> None:
    for data in (Elements(), Elements([Element(PARAMETERS, "SQ", items=())])):
        assert value_of(data, PARAMETERS, NUMERIC).is_blank
    column = PathColumn((tags.PATIENT_NAME,), "PN")
    read = PathValues(WorklistStore(decode), lambda: NOON, ZONE)
    assert read(Workitem(key(1)), column).is_blank  # nothing came of it yet


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_elements, st.sampled_from(["DS", "LO", "DT", "TM", "DA", "PN", "SQ", "US", "UN", "AT"]))
def test_whatever_is_sent_can_be_sorted(data: Elements, vr: str) -> None:
    """A peer may send another VR than the dictionary's: the keys of a column stay of one type."""
    paths: list[Path] = [(element.tag,) for element in data]
    paths += [(element.tag, inner.tag) for element in data for item in element.items or () for inner in item]
    keys = [value_of(data, *path, vr=vr).key for path in paths]
    assert len({type(one) for one in keys}) <= 1
    assert sorted(sorted(keys), reverse=True) is not None
    assert all(one == one for one in keys)


def test_peers_have_zones_of_their_own() -> None:
    element = Element(tags.EXPECTED_COMPLETION_DATE_TIME, "DT", ("20261119113000",))
    data = EncodedDataSet(codec.encode(Elements([element]), EXPLICIT), EXPLICIT)
    column = PathColumn((element.tag,), "DT")
    store = WorklistStore(decode, zone_of=lambda peer: ZONE if peer == PEER.id else UTC)
    read, workitem = PathValues(store, lambda: NOON, ZONE), Workitem(key(1), data=data)
    assert read(workitem, column).text == "11:30"
    tip = read.tip(workitem, column)
    assert tip.startswith("2026-11-19 11:30:00 UTC+01:00\nWritten as 20261119113000") and "profile" in tip
