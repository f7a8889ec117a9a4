"""What the details tell of a workitem."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Elements
from upsdesk.domain.events import CancelRequested
from upsdesk.domain.keys import PeerId, SopInstanceUid, WorkitemKey
from upsdesk.domain.workitem import Workitem, read_columns
from upsdesk.ui.details.content import Line, LineKind, Situation, content_item_words, sections

ZONE = timezone(timedelta(hours=1))
NOW = datetime(2026, 11, 19, 10, 19, tzinfo=ZONE)
KEY = WorkitemKey(PeerId("p"), SopInstanceUid("1.2.3"))
SITUATION = Situation(NOW, ZONE)
STATION = Code("AI-SRV1", "99X", "AI server")


def code(value: str, meaning: str) -> Elements:
    return Code(value, "99X", meaning).to_elements()


def workitem(*elements: object, state: str = "IN PROGRESS") -> tuple[Workitem, Elements]:
    data = Elements(
        [
            element(tags.PROCEDURE_STEP_STATE, state),
            element(tags.PROCEDURE_STEP_LABEL, "CT stroke detection"),
            sequence(tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE, STATION.to_elements()),
            *elements,  # type: ignore[list-item]
        ]
    )
    return read_columns(Workitem(KEY), data, whole=True, default_zone=ZONE), data


def lines(item: Workitem, data: Elements | None, situation: Situation = SITUATION) -> dict[str, Line]:
    """By section and title."""
    return {
        f"{section.title}/{line.title}": line
        for section in sections(item, data, situation)
        for line in section.lines
    }


def test_a_holder_is_named_only_as_far_as_it_is_known() -> None:
    item, data = workitem()
    told = lines(item, data)["CT stroke detection/Held by"]
    assert told.words == "Another system (planned for AI-SRV1)"
    performed = replace(item, performed_stations=(Code("3D-LAB", "99X", "3D"),), state_reported_at=NOW)
    assert lines(performed, data)["CT stroke detection/Held by"].words == (
        "Another system (performed at 3D-LAB) since 10:19"
    )
    here = replace(SITUATION, is_held=True, held_since=NOW - timedelta(minutes=38), holder="by Meyer")
    told = lines(item, data, here)["CT stroke detection/Held by"]
    assert (told.words, told.more, told.kind) == ("This desk since 09:41", "by Meyer", LineKind.HELD)


def test_nobody_holds_what_is_scheduled_or_ended() -> None:
    for state in ("SCHEDULED", "COMPLETED", "CANCELED"):
        item, data = workitem(state=state)
        assert "CT stroke detection/Held by" not in lines(item, data)


def test_progress_without_a_number_is_words_only() -> None:
    item, data = workitem(
        sequence(
            tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE,
            [element(tags.PROCEDURE_STEP_PROGRESS_DESCRIPTION, "beam 1 of 3")],
        )
    )
    told = lines(item, data)["CT stroke detection/Progress"]
    assert (told.words, told.kind) == ("beam 1 of 3", LineKind.TEXT)


def test_a_request_to_cancel_tells_who_and_why() -> None:
    item, data = workitem()
    asked = CancelRequested(KEY, NOW, "RIS", "Patient went home", "Front desk")
    told = lines(item, data, replace(SITUATION, cancel_asked=asked))["CT stroke detection/Asked to cancel"]
    assert (told.words, told.more) == ("by Front desk, 10:19", "Patient went home")
    nameless = replace(SITUATION, cancel_asked=CancelRequested(KEY, NOW))
    told = lines(item, data, nameless)["CT stroke detection/Asked to cancel"]
    assert (told.words, told.more) == ("by somebody who is not named, 10:19", "no reason given")


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ([element(tags.TEXT_VALUE, "PELVIS_7F_v3")], "PELVIS_7F_v3"),
        (
            [
                element(tags.NUMERIC_VALUE, "12.5"),
                sequence(tags.MEASUREMENT_UNITS_CODE_SEQUENCE, Code("mm", "UCUM", "mm").to_elements()),
            ],
            "12.5 mm",
        ),
        (
            [
                element(tags.NUMERIC_VALUE, "12"),
                sequence(tags.MEASUREMENT_UNITS_CODE_SEQUENCE, Code("1", "UCUM", "no units").to_elements()),
            ],
            "12",
        ),
        ([sequence(tags.CONCEPT_CODE_SEQUENCE, code("T", "Treatment"))], "Treatment"),
        ([element(tags.VALUE_TYPE, "TEXT")], ""),
    ],
)
def test_parameters(item: list[object], words: str) -> None:
    assert content_item_words(Elements(item)) == words  # type: ignore[arg-type]


def test_sections_without_content_are_left_out() -> None:
    item, data = workitem(state="SCHEDULED")
    assert [section.title for section in sections(item, data, SITUATION)] == [
        "CT stroke detection",
        "Scheduled",
    ]
    assert sections(Workitem(KEY), None, SITUATION)[0].title == "No label"


def test_a_late_time_is_marked() -> None:
    item, data = workitem(element(tags.EXPECTED_COMPLETION_DATE_TIME, "20261119100700"))
    told = lines(item, data)["Scheduled/Due"]
    assert (told.words, told.kind) == ("+12 min", LineKind.LATE)


def test_what_was_performed() -> None:
    item, data = workitem(
        sequence(
            tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE,
            [
                element(tags.PERFORMED_PROCEDURE_STEP_START_DATE_TIME, "20261119094300"),
                element(tags.PERFORMED_PROCEDURE_STEP_END_DATE_TIME, "20261119100200"),
                sequence(tags.PERFORMED_STATION_NAME_CODE_SEQUENCE, code("FX1", "Linac")),
                sequence(
                    tags.ACTUAL_HUMAN_PERFORMERS_SEQUENCE, [element(tags.HUMAN_PERFORMER_NAME, "Meyer^Eva")]
                ),
            ],
        ),
        state="COMPLETED",
    )
    told = lines(item, data)
    assert told["Performed/Start"].words == "09:43" and told["Performed/End"].words == "10:02"
    assert told["Performed/Station"].words == "FX1" and told["Performed/Performer"].words == "Meyer, Eva"


def test_why_it_was_canceled() -> None:
    item, data = workitem(
        sequence(
            tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE,
            [
                sequence(
                    tags.PROCEDURE_STEP_DISCONTINUATION_REASON_CODE_SEQUENCE,
                    Code("110513", "DCM", "Discontinued for unspecified reason").to_elements(),
                )
            ],
        ),
        state="CANCELED",
    )
    told = lines(item, data)["CT stroke detection/Reason"]
    assert (told.words, told.more) == ("Discontinued for unspecified reason", "110513 · DCM")
