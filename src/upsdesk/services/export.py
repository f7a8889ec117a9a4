"""What leaves the desk as a file or by the clipboard: tables as CSV and TSV, data sets as DICOM JSON."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Sequence

from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.peer import DEMO_WORDS
from upsdesk.domain.workitem import EncodedDataSet
from upsdesk.services.loading import load_dicom

_PATIENT_COMMENTS = 0x00104000
_BREAKS = re.compile(r"[\t\r\n\v\f\x85\u2028\u2029]+")


def csv_text(head: Sequence[str], rows: Iterable[Sequence[str]], *, demo: bool) -> str:
    """A header line and a line a row (RFC 4180, with line feeds); the demo says so in a column of its own."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    mark = (DEMO_WORDS,) if demo else ()
    writer.writerow([*head, *(("Demo",) if demo else ())])
    writer.writerows((*row, *mark) for row in rows)
    return text.getvalue()


def tsv_text(head: Sequence[str], rows: Iterable[Sequence[str]], *, demo: bool) -> str:
    """A header line and a line a row, as a spreadsheet takes them; breaks within a cell become spaces."""
    mark = (DEMO_WORDS,) if demo else ()
    lines = [(*head, *(("Demo",) if demo else ())), *((*row, *mark) for row in rows)]
    return "\n".join("\t".join(_BREAKS.sub(" ", cell) for cell in line) for line in lines)


def json_text(
    items: Iterable[tuple[SopInstanceUid, EncodedDataSet]],
    *,
    demo: bool,
    mask: Callable[[Elements], Elements] = lambda elements: elements,
) -> str:
    """An array in the DICOM JSON Model (PS3.18 F.2), an object a line, without Transaction UIDs.

    `mask` takes out what is not to leave. Reads each data set; call it in a thread.
    """
    load_dicom()
    from upsdesk.dicom.datasets import decode, to_json

    lines = [
        json.dumps(
            to_json(_to_export(uid, mask(decode(data.data, data.transfer_syntax)), demo)), ensure_ascii=False
        )
        for uid, data in items
    ]
    return "[" + ",\n".join(lines) + "]\n"


def elements_json(uid: SopInstanceUid | None, elements: Elements, *, demo: bool) -> str:
    """One data set as an object of the DICOM JSON Model, indented, without Transaction UID."""
    load_dicom()
    from upsdesk.dicom.datasets import to_json

    return json.dumps(to_json(_to_export(uid, elements, demo)), ensure_ascii=False, indent=2) + "\n"


def _to_export(uid: SopInstanceUid | None, elements: Elements, demo: bool) -> Elements:
    kept: list[Element] = [one for one in elements if one.tag != tags.TRANSACTION_UID]
    if uid and tags.SOP_INSTANCE_UID not in elements:  # an N-GET answers without it
        kept.append(element(tags.SOP_INSTANCE_UID, uid))
    if demo:
        kept = [one for one in kept if one.tag != _PATIENT_COMMENTS]
        kept.append(Element(_PATIENT_COMMENTS, "LT", (DEMO_WORDS,)))
    return Elements(sorted(kept, key=lambda one: one.tag))
