"""Statuses, the attribute table, requirements and searches against what the Standard says."""

from __future__ import annotations

from datetime import date, timedelta, timezone

import pytest

from upsdesk.domain import attributes, errors, tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Elements
from upsdesk.domain.operation import Operation
from upsdesk.domain.peer import UpsClass
from upsdesk.domain.query import worklist_queries
from upsdesk.domain.requirements import (
    completed_for_create,
    create_problems,
    final_needs,
    missing_for_final,
    set_forbidden,
)
from upsdesk.domain.state import ProcedureStepState
from upsdesk.domain.status import Kind, Service, no_answer, outcome
from upsdesk.domain.workitem import PatientFacts

S = ProcedureStepState


@pytest.mark.parametrize(
    ("service", "action", "code", "kind"),
    [
        (Service.C_FIND, None, 0xC310, Kind.FAILURE),
        (Service.N_ACTION, 1, 0xC310, Kind.FAILURE),
        (Service.N_ACTION, 1, 0xB306, Kind.WARNING),
        (Service.N_ACTION, 2, 0x0000, Kind.SUCCESS),
        (Service.N_ACTION, 3, 0xB301, Kind.WARNING),
        (Service.N_SET, None, 0xFF00, Kind.FAILURE),
        (Service.N_SET, None, 0x3C10, Kind.FAILURE),
        (Service.N_SET, None, 0x0107, Kind.WARNING),
        (Service.N_CREATE, None, 0x0116, Kind.WARNING),
        (Service.N_CREATE, None, 0xB300, Kind.WARNING),
        (Service.C_FIND, None, 0xFF01, Kind.PENDING),
        (Service.C_FIND, None, 0xFE00, Kind.CANCEL),
    ],
)
def test_kinds(service: Service, action: int | None, code: int, kind: Kind) -> None:
    assert outcome(service, code, action).kind is kind


def test_a_code_is_not_read_with_the_meaning_of_another_service() -> None:
    assert outcome(Service.C_FIND, 0xC310).meaning != outcome(Service.N_ACTION, 0xC310, 1).meaning
    assert "Asked" in outcome(Service.N_ACTION, 0x0000, 2).meaning
    assert outcome(Service.N_ACTION, 0xC312, 1).meaning.startswith("The server answered with C312")


CODES = {
    *range(0x0000, 0x0300),
    *range(0xA700, 0xA920),
    *range(0xB000, 0xB010),
    *range(0xB2F0, 0xB310),
    *range(0xC2F0, 0xC320),
    *(0xC000, 0xCFFF, 0xFE00, 0xFF00, 0xFF01, 0xFFFF),
}
"""All near those that mean something."""
EVERY_N = {0x0000, 0x0110, 0x0117, 0x0118, 0x0210, 0x0211, 0x0212, 0x0213}
EVERY_ACTION = EVERY_N | {0x0112, 0x0114, 0x0115, 0x0119, 0x0122, 0x0123, 0x0124, 0xC307}
EVERY_SUBSCRIPTION = EVERY_ACTION | {0xB301, 0xC308, 0xC314, 0xC315}
VALUES = {0x0105, 0x0106, 0x0107, 0x0116, 0x0121, 0x0122, 0x0124}


@pytest.mark.parametrize(
    ("service", "action", "codes"),
    [
        (Service.C_ECHO, None, {0x0000, 0x0122, 0x0210, 0x0211, 0x0212}),
        (
            Service.C_FIND,
            None,
            {0x0000, 0x0122, 0xA700, 0xA900, 0xFE00, 0xFF00, 0xFF01, *range(0xC000, 0xD000)},
        ),
        (Service.N_CREATE, None, EVERY_N | VALUES | {0x0111, 0x0120, 0xB300, 0xC309}),
        (
            Service.N_SET,
            None,
            EVERY_N | VALUES | {0x0001, 0x0112, 0x0119, 0xB305, 0xC300, 0xC301, 0xC307, 0xC310},
        ),
        (Service.N_GET, None, EVERY_N | {0x0001, 0x0107, 0x0112, 0x0119, 0x0122, 0x0124, 0xC307}),
        (
            Service.N_ACTION,
            1,
            EVERY_ACTION | {0xB304, 0xB306, 0xC300, 0xC301, 0xC302, 0xC303, 0xC304, 0xC310},
        ),
        (Service.N_ACTION, 2, EVERY_ACTION | {0xB304, 0xC311, 0xC312, 0xC313}),
        (Service.N_ACTION, 3, EVERY_SUBSCRIPTION),
        (Service.N_ACTION, 4, EVERY_SUBSCRIPTION),
        (Service.N_ACTION, 5, EVERY_SUBSCRIPTION),
        (Service.N_EVENT_REPORT, None, EVERY_N | {0x0112, 0x0113, 0x0114, 0x0115, 0x0119}),
    ],
)
def test_each_service_explains_its_own_codes_and_no_others(
    service: Service, action: int | None, codes: set[int]
) -> None:
    """PS3.7 9.1.5, 10.1.1 to 10.1.5, and the tables of PS3.4 Annex CC."""
    unexplained = f"which the Standard does not define for {service.value}."
    explained = {code for code in CODES if not outcome(service, code, action).meaning.endswith(unexplained)}
    assert explained == codes & CODES


def test_the_kind_of_a_code_is_the_category_of_the_standard() -> None:
    """PS3.7 Table C.1-1: 0001, 0107, 0116 and Bxxx are warnings, whoever answers with them."""
    for service in Service:
        for code in (0x0001, 0x0107, 0x0116, *range(0xB000, 0xC000)):
            assert outcome(service, code, 1).kind is Kind.WARNING
        for code in (*range(0x0100, 0x0107), *range(0x0108, 0x0116), *range(0x0117, 0x0220)):
            assert outcome(service, code, 2).kind is Kind.FAILURE


def test_who_unsubscribes_is_not_told_to_subscribe() -> None:
    for action in (4, 5):
        for code in EVERY_SUBSCRIPTION:
            told = outcome(Service.N_ACTION, code, action)
            assert "ubscribe globally" not in told.next_step
            assert "Subscribed" not in told.meaning


def test_every_failure_has_a_next_step() -> None:
    for service in Service:
        for action in (None, 1, 2, 3, 4, 5) if service is Service.N_ACTION else (None,):
            for code in (
                *range(0x0100, 0x0220),
                *range(0xA700, 0xA902),
                *range(0xB300, 0xB310),
                *range(0xC300, 0xC320),
            ):
                found = outcome(service, code, action)
                assert found.next_step, (service, action, hex(code))
                assert found.meaning.endswith(".")


def test_seven_ways_of_no_answer_have_seven_sentences() -> None:
    causes = [
        errors.Unreachable("refused"),
        errors.Rejected(1, 1, 7, "called AE title not recognized"),
        errors.Rejected(1, 1, 3, "calling AE title not recognized"),
        errors.ContextRefused((UpsClass.PULL,), (), ""),
        errors.Aborted(""),
        errors.TimedOut("", sent=True),
        errors.UnexpectedResponse(""),
        errors.Interrupted(""),
    ]
    told = [no_answer(cause) for cause in causes]
    assert len({(one.meaning, one.next_step) for one in told}) == len(causes)
    assert all(one.next_step and one.kind is Kind.NONE for one in told)


def test_every_operation_has_a_service() -> None:
    assert {operation.service for operation in Operation} == set(Service) - {Service.N_EVENT_REPORT}
    assert [Operation.CHANGE_STATE.action_type, Operation.SUSPEND.action_type] == [1, 5]


def test_the_attribute_table_is_whole() -> None:
    assert len(attributes.table()) == 671
    assert len(attributes.by_path()) == 671
    assert not attributes.top_level()[tags.TRANSACTION_UID].in_nget
    assert tags.TRANSACTION_UID not in attributes.get_tags()
    assert tags.SPECIFIC_CHARACTER_SET in attributes.get_tags()
    assert {row.keyword for row in attributes.create_type_1()} == {
        "ProcedureStepState",
        "ScheduledProcedureStepPriority",
        "ProcedureStepLabel",
        "ScheduledProcedureStepStartDateTime",
        "InputReadinessState",
    }
    assert tags.TRANSACTION_UID in {row.tag for row in attributes.create_type_2()}


def test_an_n_create_is_completed_and_checked() -> None:
    empty = completed_for_create(Elements())
    assert create_problems(empty).missing == (
        tags.PROCEDURE_STEP_LABEL,
        tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME,
    )
    given = Elements(
        [
            element(tags.PROCEDURE_STEP_LABEL, "x"),
            element(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME, "20261121"),
            element(tags.SOP_CLASS_UID, "1.2"),
            element(tags.TRANSACTION_UID, "1.2.3"),
        ]
    )
    found = create_problems(completed_for_create(given))
    assert not found.missing
    assert set(found.forbidden) == {tags.SOP_CLASS_UID, tags.TRANSACTION_UID}


def test_what_an_n_set_must_not_carry() -> None:
    sent = Elements(
        [
            element(tags.PATIENT_NAME, "A"),
            element(tags.PROCEDURE_STEP_STATE, "COMPLETED"),
            element(tags.TRANSACTION_UID, "1.2"),
            element(tags.PROCEDURE_STEP_LABEL, "x"),
        ]
    )
    assert set_forbidden(sent) == (tags.PATIENT_NAME, tags.PROCEDURE_STEP_STATE)


def performed(*elements: object) -> Elements:
    return Elements([sequence(tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE, elements)])  # type: ignore[arg-type]


def test_what_completed_needs() -> None:
    assert {need.keyword for need in missing_for_final(S.COMPLETED, Elements())} == {
        "PerformedStationNameCodeSequence",
        "PerformedProcedureStepStartDateTime",
        "PerformedProcedureStepEndDateTime",
        "PerformedWorkitemCodeSequence",
        "OutputInformationSequence",
    }
    code = Code("FX1", "99LOC", "Linac 1").to_elements()
    full = performed(
        sequence(tags.PERFORMED_STATION_NAME_CODE_SEQUENCE, code),
        element(tags.PERFORMED_PROCEDURE_STEP_START_DATE_TIME, "20261121"),
        element(tags.PERFORMED_PROCEDURE_STEP_END_DATE_TIME, "20261121"),
        sequence(tags.PERFORMED_WORKITEM_CODE_SEQUENCE, code),
        sequence(tags.OUTPUT_INFORMATION_SEQUENCE),
    )
    assert not missing_for_final(S.COMPLETED, full)
    assert [need.keyword for need in final_needs(S.COMPLETED, full) if not need.is_met] == [
        "ActualHumanPerformersSequence"
    ]


def test_what_canceled_needs() -> None:
    assert {need.keyword for need in missing_for_final(S.CANCELED, Elements())} == {
        "ProcedureStepDiscontinuationReasonCodeSequence"
    }


def test_the_four_searches_each_carry_a_valued_key() -> None:
    queries = worklist_queries(date(2026, 11, 21), timezone(timedelta(hours=1)))
    assert [query.keys[0].value for query in queries] == ["SCHEDULED", "IN PROGRESS", "COMPLETED", "CANCELED"]
    assert all(query.has_valued_key for query in queries)
    assert [len(query.keys) for query in queries] == [1, 1, 2, 2]
    assert queries[2].keys[1].value == "20261121000000+0100-20261121235959+0100"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Novák^Jana", "Novák, Jana"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada, Tarou  山田 太郎"),
        ("=山田^太郎", "山田 太郎"),
        ("Doe", "Doe"),
        ("Doe^John^Q^Dr^Jr", "Doe, Dr John Q, Jr"),
        ("", ""),
        ("^^^^", ""),
    ],
)
def test_person_names(name: str, shown: str) -> None:
    assert PatientFacts(name=name).display_name == shown
