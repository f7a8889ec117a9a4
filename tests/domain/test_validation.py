"""What is wrong with a data set, and that the rules are those of attribute table and dictionary."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import datadict

from tests.dicom.strategies import data_sets
from upsdesk.domain import attributes, conditions, tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.modification import modified
from upsdesk.domain.requirements import completed_for_create
from upsdesk.domain.validation import Kind, check_create, check_set
from upsdesk.domain.value_rules import ENUMERATED, MOST_ITEMS, MULTI_VALUED, form_of

CODE = Elements(
    [
        element(tags.CODE_VALUE, "121726"),
        element(tags.CODING_SCHEME_DESIGNATOR, "DCM"),
        element(tags.CODE_MEANING, "RT Treatment with Internal Verification"),
    ]
)
PARAMETERS = tags.SCHEDULED_PROCESSING_PARAMETERS_SEQUENCE
INPUT = tags.INPUT_INFORMATION_SEQUENCE
PROGRESS = tags.PROCEDURE_STEP_PROGRESS_INFORMATION_SEQUENCE
PERFORMED = tags.UNIFIED_PROCEDURE_STEP_PERFORMED_PROCEDURE_SEQUENCE
WORKITEM_CODE = tags.SCHEDULED_WORKITEM_CODE_SEQUENCE


def whole(*more: Element) -> Elements:
    given = Elements(
        [
            element(tags.PROCEDURE_STEP_LABEL, "Step"),
            element(tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME, "202601020304"),
        ]
    )
    return completed_for_create(given).with_elements(*more)


def told(elements: Elements) -> list[tuple[Kind, str]]:
    """Kinds and keywords of an N-CREATE's problems."""
    return [(one.kind, one.keyword) for one in check_create(elements)]


def test_a_minimal_data_set_is_right() -> None:
    assert check_create(whole()) == ()


def test_a_code_that_is_right() -> None:
    assert check_create(whole(sequence(WORKITEM_CODE, CODE))) == ()


@pytest.mark.parametrize(
    ("item", "kind", "keyword"),
    [
        (CODE.without(tags.CODE_VALUE), Kind.MISSING, "CodeValue"),
        (CODE.without(tags.CODE_MEANING), Kind.MISSING, "CodeMeaning"),
        (CODE.without(tags.CODING_SCHEME_DESIGNATOR), Kind.MISSING, "CodingSchemeDesignator"),
        (CODE.with_elements(element(tags.CODE_VALUE)), Kind.EMPTY, "CodeValue"),
        (CODE.with_elements(element(tags.CODE_MEANING)), Kind.EMPTY, "CodeMeaning"),
        (CODE.with_elements(element(tags.CODING_SCHEME_DESIGNATOR)), Kind.EMPTY, "CodingSchemeDesignator"),
        (CODE.with_elements(element(tags.CODE_VALUE, "1" * 17)), Kind.INVALID, "CodeValue"),
        (CODE.with_elements(element(tags.LONG_CODE_VALUE, "1" * 20)), Kind.FORBIDDEN, "LongCodeValue"),
        (CODE.with_elements(element(tags.URN_CODE_VALUE, "urn:x:y")), Kind.FORBIDDEN, "URNCodeValue"),
    ],
)
def test_codes(item: Elements, kind: Kind, keyword: str) -> None:
    [problem] = check_create(whole(sequence(WORKITEM_CODE, CODE, item)))
    assert (problem.kind, problem.keyword) == (kind, keyword)
    assert (problem.path[0], problem.items) == (WORKITEM_CODE, (1,))


@pytest.mark.parametrize(
    "item",
    [
        CODE.without(tags.CODE_VALUE).with_elements(element(tags.LONG_CODE_VALUE, "1" * 20)),
        Elements([element(tags.URN_CODE_VALUE, "urn:lex:us"), element(tags.CODE_MEANING, "Law")]),
        CODE.with_elements(element(tags.LONG_CODE_VALUE)),
    ],
    ids=["long", "urn", "empty beside another"],
)
def test_other_codes_that_are_right(item: Elements) -> None:
    assert check_create(whole(sequence(WORKITEM_CODE, item))) == ()


def content(value_type: str, *values: Element) -> Element:
    item = [
        element(tags.VALUE_TYPE, value_type),
        sequence(tags.CONCEPT_NAME_CODE_SEQUENCE, CODE),
        *values,
    ]
    return sequence(PARAMETERS, item)


VALUES = {
    "DATETIME": [element(tags.DATE_TIME, "20260102030405")],
    "DATE": [element(tags.DATE, "20260102")],
    "TIME": [element(tags.TIME, "0304")],
    "PNAME": [element(tags.PERSON_NAME, "A^B")],
    "UIDREF": [element(tags.UID, "1.2.3")],
    "TEXT": [element(tags.TEXT_VALUE, "words")],
    "CODE": [sequence(tags.CONCEPT_CODE_SEQUENCE, CODE)],
    "NUMERIC": [
        element(tags.NUMERIC_VALUE, "3.5"),
        sequence(tags.MEASUREMENT_UNITS_CODE_SEQUENCE, CODE),
    ],
}


@pytest.mark.parametrize("value_type", VALUES)
def test_content_items(value_type: str) -> None:
    assert told(whole(content(value_type, *VALUES[value_type]))) == []
    missing = told(whole(content(value_type)))
    assert [kind for kind, _ in missing] == [Kind.MISSING] * len(VALUES[value_type])
    other = VALUES["TEXT" if value_type != "TEXT" else "DATE"]
    assert [kind for kind, _ in told(whole(content(value_type, *VALUES[value_type], *other)))] == [
        Kind.FORBIDDEN
    ]
    empty = [Element(one.tag, one.vr, items=() if one.vr == "SQ" else None) for one in VALUES[value_type]]
    assert [kind for kind, _ in told(whole(content(value_type, *empty)))] == [Kind.EMPTY] * len(empty)


def test_num_is_no_value_type_of_a_ups() -> None:
    assert told(whole(content("NUM", *VALUES["NUMERIC"]))) == [(Kind.INVALID, "ValueType")]


REFERENCE = [element(tags.REFERENCED_SOP_CLASS_UID, "1.2"), element(tags.REFERENCED_SOP_INSTANCE_UID, "1.3")]
RETRIEVAL = sequence(tags.DICOM_RETRIEVAL_SEQUENCE, [element(0x00080054, "ARCHIVE")])


def instances(kind: str, reference: list[Element], *more: Element) -> Element:
    return sequence(INPUT, [element(tags.TYPE_OF_INSTANCES, kind), sequence(0x00081199, reference), *more])


def test_referenced_instances() -> None:
    assert told(whole(instances("DICOM", REFERENCE, RETRIEVAL))) == []
    assert told(whole(instances("DICOM", REFERENCE))) == [(Kind.MISSING, "DICOMRetrievalSequence")]
    assert told(whole(instances("DICOM", REFERENCE[:1], RETRIEVAL))) == [
        (Kind.MISSING, "ReferencedSOPInstanceUID")
    ]
    assert told(whole(instances("OTHER", REFERENCE, RETRIEVAL))) == [(Kind.INVALID, "TypeOfInstances")]
    document = [*REFERENCE, element(tags.HL7_INSTANCE_IDENTIFIER, "1.2^3")]
    assert told(whole(instances("CDA", document, RETRIEVAL))) == []
    assert told(whole(instances("CDA", REFERENCE, RETRIEVAL))) == [(Kind.MISSING, "HL7InstanceIdentifier")]
    nobody = sequence(tags.DICOM_RETRIEVAL_SEQUENCE, [element(0x00080054)])
    assert told(whole(instances("DICOM", REFERENCE, nobody))) == [(Kind.EMPTY, "RetrieveAETitle")]


def test_designators() -> None:
    issuer = 0x00380014  # IssuerOfAdmissionIDSequence
    local, universal = element(0x00400031, "HOSP"), element(0x00400032, "1.2.3")
    kind = element(0x00400033, "ISO")
    assert told(whole(sequence(issuer, [local]))) == []
    assert told(whole(sequence(issuer, [universal, kind]))) == []
    assert told(whole(sequence(issuer, [local, universal, kind]))) == []
    assert told(whole(sequence(issuer, []))) == [(Kind.MISSING, "LocalNamespaceEntityID")]
    assert told(whole(sequence(issuer, [universal]))) == [(Kind.MISSING, "UniversalEntityIDType")]


def test_storage() -> None:
    storage = sequence(tags.DICOM_STORAGE_SEQUENCE, [element(0x21000140, "ARCHIVE")])
    assert told(whole(sequence(0x00404070, [storage]))) == []
    assert told(whole(sequence(0x00404070, [element(tags.REFERENCED_SOP_CLASS_UID, "1.2")]))) == [
        (Kind.MISSING, "DICOMStorageSequence")
    ]


def test_what_only_the_final_state_has() -> None:
    item = [element(tags.PROCEDURE_STEP_PROGRESS, "5")]
    assert told(whole(sequence(PROGRESS, item))) == [
        (Kind.FORBIDDEN, "ProcedureStepProgressInformationSequence")
    ]
    assert told(whole(element(tags.TRANSACTION_UID, "1.2"))) == [(Kind.FORBIDDEN, "TransactionUID")]


@pytest.mark.parametrize("state", ["IN PROGRESS", "COMPLETED", "CANCELED", "NEW"])
def test_a_new_one_is_scheduled(state: str) -> None:
    assert told(whole(element(tags.PROCEDURE_STEP_STATE, state))) == [
        (Kind.NOT_SCHEDULED, "ProcedureStepState")
    ]


def test_lenient_create() -> None:
    identity = [element(tags.SOP_CLASS_UID, "1.2"), element(tags.SOP_INSTANCE_UID, "1.2.3")]
    little = whole(*identity).without(tags.COMMENTS_ON_THE_SCHEDULED_PROCEDURE_STEP, WORKITEM_CODE)
    assert {kind for kind, _ in told(little)} == {Kind.MISSING, Kind.FORBIDDEN}
    assert check_create(little, lenient=True) == ()
    assert [one.keyword for one in check_create(little.without(0x00741204), lenient=True)] == [
        "ProcedureStepLabel"
    ]


@pytest.mark.parametrize(
    ("keyword", "value", "is_right"),
    [
        ("ScheduledProcedureStepStartDateTime", "2026", True),
        ("ScheduledProcedureStepStartDateTime", "20260229", False),
        ("ScheduledProcedureStepStartDateTime", "20280229", True),
        ("ScheduledProcedureStepStartDateTime", "20261301", False),
        ("ScheduledProcedureStepStartDateTime", "20260431", False),
        ("ScheduledProcedureStepStartDateTime", "20260102030460.5+0100", True),
        ("ScheduledProcedureStepStartDateTime", "20260102240000", False),
        ("ScheduledProcedureStepStartDateTime", "20260102030405.1234567", False),
        ("ScheduledProcedureStepStartDateTime", "20260102+1400", True),
        ("ScheduledProcedureStepStartDateTime", "20260102+1430", False),
        ("ScheduledProcedureStepStartDateTime", "20260102-1230", False),
        ("ScheduledProcedureStepStartDateTime", "20260102-20260103", False),
        ("ScheduledProcedureStepStartDateTime", "2026-01-02", False),
        ("PatientBirthDate", "19620410", True),
        ("PatientBirthDate", "1962.04.10", False),
        ("PatientBirthDate", "19620431", False),
        ("PatientSex", "O", True),
        ("PatientSex", "U", False),
        ("PatientID", "x" * 64, True),
        ("PatientID", "x" * 65, False),
        ("PatientID", "a\x07b", False),
        ("PatientID", "a\ufffdb", False),
        ("CommentsOnTheScheduledProcedureStep", "two\r\nlines\ttab", True),
        ("CommentsOnTheScheduledProcedureStep", "x" * 10241, False),
        ("PatientName", "A^B^C^D^E=F=G", True),
        ("PatientName", "A=B=C=D", False),
        ("PatientName", "x" * 65, False),
        ("PatientName", "A^B^C^D^E^F", False),
        ("StudyInstanceUID", "1.2.840.0", True),
        ("StudyInstanceUID", "1.02", False),
        ("StudyInstanceUID", "1.2." + "3" * 61, False),
        ("ScheduledProcedureStepPriority", "STAT", False),
        ("InputReadinessState", "ready", False),
    ],
)
def test_values(keyword: str, value: str, is_right: bool) -> None:
    tag = attributes.tag_of(keyword)
    assert tag is not None
    problems = told(whole(element(tag, value), element(tags.SPECIFIC_CHARACTER_SET, "ISO_IR 192")))
    assert problems == ([] if is_right else [(Kind.INVALID, keyword)])


@pytest.mark.parametrize(
    ("vr", "right", "wrong"),
    [
        ("AE", ["A B", "A" * 16], ["A" * 17, "Ä", "A\n"]),
        ("CS", ["A_1 B"], ["a", "A-B", "A" * 17]),
        ("DS", ["-1.5e3", " 5", "+.5", "5."], ["1,5", "five", "1" * 17, "e3"]),
        ("IS", ["-5", "2147483647"], ["2147483648", "1.0", "x"]),
        ("TM", ["23", "2359", "235960", "235959.999999"], ["24", "2360", "1:2", "235959.9999999"]),
        ("UI", ["1.2", "2.25.0"], ["1", "1..2", "1.2.", "a.b"]),
        ("UR", ["tel:+1", "https://x/y?z=%20"], ["a b", "ü", "\\"]),
        ("SH", ["x" * 16], ["x" * 17]),
        ("ST", ["x" * 1024], ["x" * 1025]),
        ("UT", ["x" * 20000], ["\x00"]),
    ],
)
def test_forms(vr: str, right: list[str], wrong: list[str]) -> None:
    form = form_of(vr)
    assert [value for value in right if form(value)] == []
    assert [value for value in wrong if not form(value)] == []


def test_multiplicity() -> None:
    two_ids = Element(tags.PATIENT_ID, "LO", ("A", "B"))
    assert told(whole(two_ids)) == [(Kind.INVALID, "PatientID")]
    alerts = Element(0x00102000, "LO", ("Nuts", "Latex"))
    assert told(whole(alerts)) == []


def test_a_value_that_does_not_fit_its_vr_was_kept_as_bytes() -> None:
    assert told(whole(Element(0x001021C0, "US", raw=b"abc"))) == [(Kind.INVALID, "PregnancyStatus")]
    assert told(whole(Element(tags.PATIENT_ID, "SQ", items=(Elements(),)))) == [(Kind.INVALID, "PatientID")]
    assert told(whole(Element(WORKITEM_CODE, "LO", ("x",)))) == [
        (Kind.INVALID, "ScheduledWorkitemCodeSequence")
    ]


def test_a_text_may_come_under_the_vr_of_an_older_edition() -> None:
    contact = [Element(tags.CONTACT_URI, "ST", ("tel:+1",))]
    item = [sequence(tags.PROCEDURE_STEP_COMMUNICATIONS_URI_SEQUENCE, contact)]
    assert check_set(Elements([sequence(PROGRESS, item)])) == ()


def test_the_character_set_is_named_when_it_is_needed() -> None:
    name = element(tags.PATIENT_NAME, "Müller")
    assert told(whole(name)) == [(Kind.MISSING, "SpecificCharacterSet")]
    assert told(whole(name, element(tags.SPECIFIC_CHARACTER_SET, "ISO_IR 192"))) == []
    meaning = CODE.with_elements(element(tags.CODE_MEANING, "Gerät"))
    assert told(whole(sequence(WORKITEM_CODE, meaning))) == [(Kind.MISSING, "SpecificCharacterSet")]
    own = meaning.with_elements(element(tags.SPECIFIC_CHARACTER_SET, "ISO_IR 100"))
    assert told(whole(sequence(WORKITEM_CODE, own))) == []


def test_unknown_and_private_attributes_are_nobodys_business() -> None:
    private = Element(0x00111001, "LO", ("x" * 200,))
    unknown = Element(0x00101010, "AS", ("nonsense",))
    assert told(whole(private, unknown)) == []


def test_the_zone_is_one() -> None:
    assert told(whole(Element(0x00080201, "SH", ("+0100",)))) == []
    assert [kind for kind, _ in told(whole(Element(0x00080201, "SH", ("CET",))))] == [Kind.INVALID]
    assert [kind for kind, _ in told(whole(Element(0x00080201, "SH")))] == [Kind.EMPTY]


# N-SET


def set_told(*change: Element) -> list[tuple[Kind, str]]:
    return [(one.kind, one.keyword) for one in check_set(Elements(change))]


def test_every_attribute_that_an_n_set_may_not_carry() -> None:
    rows = [row for row in attributes.top_level().values() if row.nset.startswith("NA")]
    assert {"PatientName", "ProcedureStepState", "ReferencedRequestSequence"} <= {row.keyword for row in rows}
    for row in rows:
        assert set_told(element(row.tag)) == [(Kind.FORBIDDEN, row.keyword)]


def test_the_issuer_of_another_id_is_not_set() -> None:
    other = [element(tags.PATIENT_ID, "B"), element(tags.ISSUER_OF_PATIENT_ID, "X")]
    assert set_told(sequence(0x00101002, other)) == [(Kind.FORBIDDEN, "IssuerOfPatientID")]
    assert set_told(sequence(0x00101002, other[:1])) == []


@pytest.mark.parametrize(
    "keyword",
    [
        "ScheduledProcedureStepPriority",
        "ProcedureStepLabel",
        "ScheduledProcedureStepStartDateTime",
        "InputReadinessState",
    ],
)
def test_what_must_keep_a_value(keyword: str) -> None:
    tag = attributes.tag_of(keyword)
    assert tag is not None
    assert set_told(element(tag)) == [(Kind.EMPTY, keyword)]


def test_other_attributes_may_be_emptied() -> None:
    assert set_told(element(WORKITEM_CODE), element(0x00404011), element(0x00404025)) == []


def test_one_item_of_progress_and_of_performed() -> None:
    for tag, keyword in (
        (PROGRESS, "ProcedureStepProgressInformationSequence"),
        (PERFORMED, "UnifiedProcedureStepPerformedProcedureSequence"),
    ):
        item = [element(tags.OUTPUT_INFORMATION_SEQUENCE)] if tag == PERFORMED else []
        assert set_told(sequence(tag)) == []
        assert set_told(sequence(tag, item)) == []
        assert set_told(sequence(tag, item, item)) == [(Kind.INVALID, keyword)]


def test_the_output_is_there_even_when_there_is_none() -> None:
    assert set_told(sequence(PERFORMED, [])) == [(Kind.MISSING, "OutputInformationSequence")]


def test_percent() -> None:
    def progress(value: str) -> list[tuple[Kind, str]]:
        return set_told(sequence(PROGRESS, [element(tags.PROCEDURE_STEP_PROGRESS, value)]))

    assert [progress(value) for value in ("0", "100", "99.5")] == [[], [], []]
    for value in ("-1", "100.5", "1e3"):
        assert progress(value) == [(Kind.OUT_OF_RANGE, "ProcedureStepProgress")]
    assert progress("half") == [(Kind.INVALID, "ProcedureStepProgress")]


def test_deep_paths_name_their_items() -> None:
    modifier = [element(tags.VALUE_TYPE, "TEXT"), sequence(tags.CONCEPT_NAME_CODE_SEQUENCE, CODE)]
    parameter = [
        element(tags.VALUE_TYPE, "TEXT"),
        sequence(tags.CONCEPT_NAME_CODE_SEQUENCE, CODE),
        element(tags.TEXT_VALUE, "words"),
        sequence(0x00400441, modifier),
    ]
    good = parameter[:3]
    parameters = sequence(tags.PROCEDURE_STEP_PROGRESS_PARAMETERS_SEQUENCE, good, parameter)
    [problem] = check_set(Elements([sequence(PROGRESS, [parameters])]))
    assert problem.path == (PROGRESS, 0x00741007, 0x00400441, tags.TEXT_VALUE)
    assert (problem.items, problem.tag, problem.keyword) == ((0, 1, 0), tags.TEXT_VALUE, "TextValue")


# The rules and the tables they stand on


def test_multiplicities_are_those_of_the_dictionary() -> None:
    rows = {row.tag: row for row in attributes.table() if row.vr != "SQ"}
    known = {tag for tag in rows if datadict.dictionary_has_tag(tag)}  # those of 2023 it may not have yet
    assert len(rows) - len(known) < 12
    for tag in known:
        assert (datadict.dictionary_VM(tag) != "1") == (tag in MULTI_VALUED), rows[tag].keyword


def test_every_condition_of_the_table_is_enforced_or_said_not_to_be() -> None:
    by_level: dict[tuple[int, ...], set[int]] = {}
    for path in attributes.by_path():
        by_level.setdefault(path[:-1], set()).add(path[-1])
    enforced = {(one.macro, one.tag) for one in conditions.CONDITIONS}
    enforced |= {(one.macro, tag) for one in conditions.ONE_OF for tag in one.tags}
    enforced |= {(conditions.Macro.CONTENT_ITEM, tag) for tag in conditions.CONTENT_VALUES}
    enforced.add((None, tags.SPECIFIC_CHARACTER_SET))
    open_ones = set(conditions.NOT_DECIDABLE)
    assert not enforced & open_ones
    found = {
        (conditions.macro_of(by_level[path[:-1]]), path[-1])
        for path, row in attributes.by_path().items()
        if "C/" in row.ncreate or "C/" in row.nset
    }
    assert found == enforced | open_ones


def test_the_tables_name_attributes_of_the_ups() -> None:
    known = {row.tag for row in attributes.table()}
    assert {*MULTI_VALUED, *ENUMERATED, *MOST_ITEMS} <= known


# What an N-SET makes of a workitem


def test_private_blocks_of_two_owners_stay_apart() -> None:
    before = Elements([Element(0x00110010, "LO", ("FIRST",)), Element(0x00111001, "LO", ("one",))])
    change = Elements([Element(0x00110010, "LO", ("SECOND",)), Element(0x00111001, "LO", ("two",))])
    after = modified(before, change).elements
    assert {one.tag: one.text for one in after} == {
        0x00110010: "FIRST",
        0x00110011: "SECOND",
        0x00111001: "one",
        0x00111101: "two",
    }
    again = modified(after, Elements([change.get(0x00110010), Element(0x00111001, "LO", ("2",))])).elements  # type: ignore[list-item]
    assert again.text(0x00111101) == "2"
    assert len(again) == 4


def test_a_date_time_of_another_zone_gets_its_offset() -> None:
    zone, start = 0x00080201, tags.SCHEDULED_PROCEDURE_STEP_START_DATE_TIME
    before = Elements([Element(zone, "SH", ("+0100",)), element(start, "20260102030405")])
    change = Elements([Element(zone, "SH", ("-0500",)), element(start, "20260102040506")])
    result = modified(before, change)
    assert (result.elements.text(start), result.elements.text(zone)) == ("20260102040506-0500", "+0100")
    assert result.coerced == {start}
    same = modified(before, change.with_elements(Element(zone, "SH", ("+0100",))))
    assert (same.elements.text(start), same.coerced) == ("20260102040506", frozenset())


PATHS = sorted(attributes.by_path())


@given(
    st.sampled_from(PATHS),
    st.sampled_from(["SQ", "raw", "US", "LO", "DS", "PN"]),
    st.lists(st.text(max_size=20), max_size=3),
)
def test_nothing_that_comes_is_too_odd(path: tuple[int, ...], vr: str, values: list[str]) -> None:
    if vr == "SQ":
        found = Element(path[-1], "SQ", items=tuple(Elements() for _ in values))
    elif vr == "raw":
        found = Element(path[-1], "UN", raw="".join(values).encode())
    else:
        found = Element(path[-1], vr, tuple(len(one) for one in values) if vr == "US" else tuple(values))
    for parent in reversed(path[:-1]):
        found = Element(parent, "SQ", items=(Elements([found]),))
    for problems in (check_create(whole(found)), check_set(Elements([found]))):
        assert all(problem.words and problem.keyword for problem in problems)
        assert all(len(problem.items) == len(problem.path) - 1 for problem in problems)


@given(data_sets)
def test_problems_quote_no_value(elements: Elements) -> None:
    texts = {str(value) for element in elements for value in element.values if len(str(value)) > 12}
    for problem in (*check_create(elements), *check_set(elements)):
        assert not any(text in problem.words for text in texts)
