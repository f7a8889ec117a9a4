"""Workitems out of files: what is read of each kind, and the one message of each bad one."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dicom.strategies import data_sets
from tests.services.values import workitem_elements
from upsdesk.dicom.datasets import to_json, to_xml, write_part10
from upsdesk.dicom.paths import keyword_of
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.cloning import as_new
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.services.workitem_files import Draft, read_data, read_file, read_files

UID = SopInstanceUid("1.2.3.1")
LABEL, NAME = tags.PROCEDURE_STEP_LABEL, tags.PATIENT_NAME
CLASS = tags.SOP_CLASS_UID
_OWN = (tags.SOP_CLASS_UID, tags.SOP_INSTANCE_UID, tags.SPECIFIC_CHARACTER_SET)


def whole() -> Elements:
    """A new workitem with nested items and a name in three scripts."""
    codes = (
        Code("121726", "DCM", "RT Treatment with Internal Verification").to_elements(),
        Code("A", "99X", 'say "B"; C').to_elements(),
    )
    return (
        as_new(workitem_elements(name="Yamada^Tarou=山田^太郎=やまだ^たろう"))
        .without(CLASS)
        .with_elements(
            element(tags.COMMENTS_ON_THE_SCHEDULED_PROCEDURE_STEP, "line one\r\nline two, with comma"),
            sequence(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, *codes),
        )
    )


def only(drafts: tuple[Draft, ...]) -> Draft:
    (draft,) = drafts
    return draft


def test_a_dicom_file_gives_its_data_set_and_its_uid(tmp_path: Path) -> None:
    path = tmp_path / "no ending"
    write_part10(path, whole(), UID)
    draft = only(read_file(path))
    assert (draft.problem, draft.uid, draft.row) == ("", UID, None)
    assert draft.elements.without(tags.SPECIFIC_CHARACTER_SET) == whole()
    assert draft.wrong(as_new_one=False) == ()


@pytest.mark.parametrize("kind", ["one", "array", "lines", "get", "xml"])
def test_json_and_xml_in_every_shape(kind: str) -> None:
    one = json.dumps(to_json(whole()))
    texts = {
        "one": one,
        "array": f"[{one}, {one}]",
        "lines": f"{one}\n\n{one}\n",
        "get": json.dumps({"operation": "get", "status": "0000", "attributes": to_json(whole())}),
        "xml": to_xml([whole(), whole()]),
    }
    drafts = read_data("items.txt", texts[kind].encode())
    assert len(drafts) == (1 if kind in ("one", "get") else 2)
    for number, draft in enumerate(drafts, start=1):
        assert (draft.problem, draft.row) == ("", number if len(drafts) > 1 else None)
        assert draft.elements == whole()


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_has_a_header_of_paths_and_a_line_a_workitem(coding: str, delimiter: str) -> None:
    head = ("ProcedureStepLabel", "00100010", "ScheduledWorkitemCodeSequence/CodeValue", "", "PatientID")
    line = ("Kontrola", "Nováková^Jana", "121730", "", "0042")
    text = "\r\n".join(delimiter.join(cells) for cells in (head, line, ("", "", "", "", ""), line))
    first, second = read_data("list.csv", text.encode(coding))
    assert (first.row, second.row) == (2, 4)
    assert first.elements == second.elements
    assert first.elements.text(NAME) == "Nováková^Jana"
    assert first.elements.text(tags.PATIENT_ID) == "0042"
    path = (tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, tags.CODE_VALUE)
    assert first.elements.text(*path) == "121730"
    # A person may write periods, as other programs do.
    dotted = read_data("list.csv", text.replace("/", ".").encode(coding))
    assert dotted[0].elements == first.elements


def test_several_items_are_numbered_and_none_is_left_out() -> None:
    head = "OutputDestinationSequence[2]/DICOMStorageSequence/DestinationAE,"
    read = read_data("a.csv", f"{head}OutputDestinationSequence/ReferencedSOPClassUID\nPACS,1.2\n".encode())
    items = only(read).elements.items(tags.OUTPUT_DESTINATION_SEQUENCE)
    assert len(items) == 2
    assert items[1].text(tags.DICOM_STORAGE_SEQUENCE, 0x21000140) == "PACS"
    lonely = only(read_data("a.csv", f"{head}PatientID\nPACS,7\n".encode()))
    assert "none before it" in lonely.problem


def _sayable(elements: Elements, *, is_top: bool = True) -> Elements:
    """What a CSV can say: no bytes, nothing empty or blank, and no character set."""
    kept: list[Element] = []
    for one in elements:
        if one.raw is not None or one.tag == tags.SPECIFIC_CHARACTER_SET or (is_top and one.tag in _OWN):
            continue
        if one.items is not None:
            inner = [_sayable(item, is_top=False) for item in one.items]
            items = tuple(item for item in inner if len(item))
            kept += [replace(one, items=items)] if items else []
        elif one.text.strip() and "nan" not in one.text:
            kept.append(one)
    return Elements(kept)


def csv_of(data_sets: Sequence[Elements]) -> str:
    """A CSV that `read_data` reads back: a header of attribute paths, and a line a data set.

    Without private attributes and bytes, which text cannot say; empty attributes become empty cells.
    """
    rows = [dict(_cells(elements, "")) for elements in data_sets]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([row.get(column, "") for column in columns] for row in rows)
    return text.getvalue()


def _cells(elements: Elements, above: str) -> Iterator[tuple[str, str]]:
    for one in elements:
        column = above + (keyword_of(one.tag) or f"{one.tag:08X}")
        if one.raw is not None or one.tag == tags.SPECIFIC_CHARACTER_SET:
            continue
        for number, item in enumerate(one.items or (), start=1):
            yield from _cells(item, f"{column}[{number}]/" if number > 1 else f"{column}/")
        if one.items is None and one.text:
            yield column, one.text


@settings(deadline=None, max_examples=60)
@given(st.lists(data_sets.map(_sayable).filter(len), min_size=1, max_size=4))
def test_what_a_csv_says_comes_back(sets: list[Elements]) -> None:
    drafts = read_data("list.csv", csv_of(sets).encode())
    assert [draft.problem for draft in drafts] == [""] * len(sets)
    assert [draft.elements for draft in drafts] == sets


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "names no attribute"),
        (b"\x89PNG\r\n\x1a\n\0\0", "neither a DICOM file nor a text in UTF-8"),
        ("PatientName\nNovák".encode("cp1250"), "neither a DICOM file nor a text in UTF-8"),
        (b"PatientNam,PatientID\nA,1\n", "Column 1 of the header: 'PatientNam' is no attribute"),
        (b"PatientID,PatientID\n1,2\n", "PatientID stands there twice"),
        (b"PatientName/PatientID\nA\n", "is no sequence"),
        (b'PatientID\n"unclosed\n', "is no CSV"),
        (b"PatientID\n", "no workitem in this file"),
        (b'{"00100020": {"vr": "LO", "Value": ["1"]', "no JSON that can be read"),
        (b'{"a": 1, "a": 2}', "stands twice"),
        (b"[" * 100_000, "nested deeper"),
        (b"[]", "no workitem in this file"),
        (b"<html><body/></html>", "no Native DICOM Model"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><NativeDicomModel/>', "document type"),
        (b"\0" * 128 + b"DICM\x02\x00\x10\x00UI\x40\x00", "breaks off in its head"),
        (b"\0" * 128 + b"DICM", "no transfer syntax"),
    ],
)
def test_a_bad_file_has_one_clear_message(data: bytes, words: str) -> None:
    draft = only(read_data("bad", data))
    assert words in draft.problem, draft.problem
    assert draft.problem[-1] in ".?" and draft.problem[0].isupper()
    assert draft.wrong(as_new_one=True) == (draft.problem,)


@pytest.mark.parametrize("cut", [1, 7, 20, 200])
def test_a_dicom_file_that_breaks_off_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "cut.dcm"
    write_part10(path, whole(), UID)
    path.write_bytes(path.read_bytes()[:-cut])
    assert only(read_file(path)).problem


def test_bad_rows_lose_nothing_of_the_good_ones(tmp_path: Path) -> None:
    lines = [
        "ProcedureStepLabel,ScheduledProcedureStepStartDateTime,PregnancyStatus",
        "Good,20261119093000,4",
        "Not a number,20261119093000,four",
        "Too many cells,20261119093000,4,surplus",
        "No start,,",
        "Wrong start,19.11.2026,",
    ]
    (tmp_path / "list.csv").write_text("\n".join(lines), encoding="utf-8")
    drafts = read_files([tmp_path / "list.csv", tmp_path / "missing.json"])
    assert [draft.row for draft in drafts] == [2, 3, 4, 5, 6, None]
    wrong = ["; ".join(draft.wrong(as_new_one=False)) for draft in drafts]
    assert wrong[0] == ""
    assert "PregnancyStatus" in wrong[1] and "4 cells" in wrong[2]
    assert "ScheduledProcedureStepStartDateTime" in wrong[3] and "StartDateTime" in wrong[4]
    assert "cannot be read" in wrong[5]


def test_an_object_of_another_class_is_no_workitem(tmp_path: Path) -> None:
    image = json.dumps({"00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.2"]}})
    assert "is no workitem" in only(read_data("ct.json", image.encode())).problem


def test_an_ended_workitem_is_created_as_a_new_one_only_when_that_is_chosen() -> None:
    ended = whole().with_elements(
        element(tags.PROCEDURE_STEP_STATE, "COMPLETED"),
        element(tags.SOP_INSTANCE_UID, UID),
        element(tags.TRANSACTION_UID, "2.25.7"),
    )
    draft = only(read_data("old.json", json.dumps(to_json(ended)).encode()))
    assert draft.uid == UID
    wrong = "; ".join(draft.wrong(as_new_one=False))
    assert "ProcedureStepState" in wrong and "TransactionUID" in wrong
    assert draft.wrong(as_new_one=True) == ()


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
@settings(deadline=None, max_examples=150)
def test_whatever_stands_in_a_file_is_a_draft_or_a_message(data: bytes) -> None:
    for start in (b"", b"{", b"<", b"PatientID\n", b"\0" * 128 + b"DICM"):
        for draft in read_data("any", start + data):
            assert draft.problem or len(draft.elements) or draft.uid
