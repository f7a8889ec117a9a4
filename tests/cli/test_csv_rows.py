"""CSV straight from the bytes: the same as of decoded data sets, whatever they are and however they come."""

import csv
import io
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.dicom.strategies import TEXT_TAGS, data_sets
from tests.perf.bench import worklist
from upsdesk.cli.console import Console
from upsdesk.cli.csv_rows import CsvRows
from upsdesk.cli.rows import flattened, leaves
from upsdesk.dicom.codec import BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT, UndecodableDataSet, decode, encode
from upsdesk.dicom.paths import path_text
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.elements import Element, Elements, Path
from upsdesk.domain.query import WORKLIST_RETURN_KEYS

ASKED: tuple[Path, ...] = ((tags.PROCEDURE_STEP_LABEL,), (tags.SCHEDULED_STATION_NAME_CODE_SEQUENCE,))
# What csv quotes, what separates values, changes the character set, pads, or is not ASCII.
ODD = st.text(st.sampled_from('ab ,"\n\r\\\x1b\0é周=^'), max_size=5)


def one_by_one(decoded: Sequence[Elements], asked: Sequence[Path]) -> str:
    """The definition: every data set flattened, the csv module's words."""
    columns: dict[Path, None] = {leaf: None for path in asked for leaf in leaves(path)}
    rows = [flattened(elements) for elements in decoded]
    for row in rows:
        columns.update(dict.fromkeys(row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([path_text(path) for path in columns])
    writer.writerows([row.get(path, "") for path in columns] for row in rows)
    return text.getvalue()


def at_once(
    encoded: Sequence[bytes], syntax: str, asked: Sequence[Path], size: int, lesson: int, part: int
) -> tuple[str, int]:
    """What is printed, and how many data sets did not have to be decoded; they come `part` at a time."""
    out = io.StringIO()
    rows = CsvRows(Console(out=out, err=io.StringIO()), asked, at_once=size, lesson=lesson)
    cut = rows.cut_of(syntax)
    quick = 0
    for start in range(0, len(encoded), part):
        found = []
        for data in encoded[start : start + part]:
            taken = cut(data)
            quick += taken is not None
            found.append((taken if taken is not None else decode(data, syntax), data))
        rows.rows(found, syntax)
    rows.end()
    return out.getvalue(), quick


@st.composite
def alike(draw: st.DrawFn) -> list[Elements]:
    """Data sets made from a few by other texts, in several character sets."""
    models = draw(st.lists(data_sets, min_size=1, max_size=2))
    pairs = [(vr, tag) for vr, known in TEXT_TAGS.items() for tag in known]
    charsets = draw(st.lists(st.sampled_from(("", "ISO_IR 192", "ISO_IR 100")), min_size=1, max_size=2))
    texts = draw(st.lists(st.tuples(st.sampled_from(pairs), ODD), max_size=6))
    made = []
    for number in range(draw(st.integers(1, 24))):
        row = models[number % len(models)]
        for (vr, tag), text in texts[number % 3 :: 2]:
            row = row.with_elements(Element(tag, vr, (f"{text}{number % 7}",)))
        charset = charsets[number % len(charsets)]
        if charset:
            row = row.with_elements(element(tags.SPECIFIC_CHARACTER_SET, charset))
        made.append(row)
    return made


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    alike(),
    st.sampled_from((EXPLICIT, IMPLICIT, BIG_ENDIAN, DEFLATED)),
    st.sampled_from(((), ASKED)),
    st.integers(1, 9),
    st.integers(1, 3),
)
@example([Elements()] * 3, EXPLICIT, (), 2, 1)
@example([Elements([element(tags.PROCEDURE_STEP_LABEL, "")])] * 3, EXPLICIT, (), 2, 1)
def test_any_data_sets(
    made: list[Elements], syntax: str, asked: tuple[Path, ...], size: int, lesson: int
) -> None:
    encoded = [encode(elements, syntax) for elements in made]
    decoded = [decode(data, syntax) for data in encoded]
    assert at_once(encoded, syntax, asked, size, lesson, 3)[0] == one_by_one(decoded, asked)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(alike(), st.sampled_from((EXPLICIT, IMPLICIT)), st.data())
def test_bytes_that_were_tampered_with(made: list[Elements], syntax: str, data: st.DataObject) -> None:
    """Whatever a byte becomes: what the codec can read is printed as it reads it, the rest is not cut."""
    encoded = [encode(elements, syntax) for elements in made]
    encoded = [one for one in encoded if one] * 3
    if not encoded:
        return
    for _ in range(3):
        which = data.draw(st.integers(0, len(encoded) - 1))
        at = data.draw(st.integers(0, len(encoded[which]) - 1))
        byte = data.draw(st.integers(0, 255))
        encoded[which] = encoded[which][:at] + bytes([byte]) + encoded[which][at + 1 :]
    sound, decoded = [], []
    cut = CsvRows(Console(out=io.StringIO(), err=io.StringIO()), (), lesson=1).cut_of(syntax)
    for one in encoded:
        try:
            elements = decode(one, syntax)
        except UndecodableDataSet:
            assert cut(one) is None
            continue
        cut(one)
        if tags.TRANSACTION_UID not in elements:
            sound.append(one)
            decoded.append(elements)
    assert at_once(sound, syntax, (), 4, 1, 2)[0] == one_by_one(decoded, ())


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_a_worklist_is_hardly_decoded(syntax: str) -> None:
    """Every workitem another, with sequences that differ from row to row, one in nine with something odd."""
    made = []
    for number, data in enumerate(worklist.data_sets(1_500, date(2026, 11, 21))):
        row = decode(data, EXPLICIT)
        if number % 9 == 4:
            request = Elements([element(tags.ACCESSION_NUMBER, f'A,"{number}"')])
            row = row.with_elements(
                sequence(tags.REFERENCED_REQUEST_SEQUENCE, request, request),
                element(tags.PATIENT_NAME, f"Åse^{number}"),
            )
        if number % 50 == 49:
            row = row.without(tags.PATIENT_BIRTH_DATE, tags.SCHEDULED_WORKITEM_CODE_SEQUENCE)
        made.append(row)
    encoded = [encode(row, syntax) for row in made]
    printed, quick = at_once(encoded, syntax, WORKLIST_RETURN_KEYS, 1_000, 24, 350)
    assert printed == one_by_one([decode(data, syntax) for data in encoded], WORKLIST_RETURN_KEYS)
    assert quick > 1_100
