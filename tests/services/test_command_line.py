"""A command line that is offered for an edit says exactly what the edit sends."""

from __future__ import annotations

import shlex
from pathlib import Path

from hypothesis import given

from tests.dicom.strategies import data_sets
from upsdesk.cli.options import elements_of
from upsdesk.domain import tags
from upsdesk.domain.attributes import element, sequence
from upsdesk.domain.elements import Elements
from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid
from upsdesk.domain.peer import Peer
from upsdesk.services.command_line import edit_line

PEER = Peer(PeerId("p"), AeTitle("UPS_SCP"), "10.0.0.7", 11112, calling_aet=AeTitle("DESK"))
UID = SopInstanceUid("1.2.3")


def assignments(line: str) -> list[str]:
    words = shlex.split(line)
    return [words[at + 1] for at, word in enumerate(words) if word == "--set"]


@given(data_sets)
def test_what_it_sets_is_what_would_be_sent(elements: Elements) -> None:
    sent = elements.without(tags.SPECIFIC_CHARACTER_SET)
    line = edit_line(UID, sent, PEER, None)
    if line is not None and len(sent):
        assert elements_of(assignments(line)) == sent


def test_who_where_and_with_what() -> None:
    sent = Elements([element(tags.PROCEDURE_STEP_LABEL, "CT head; rm -rf")])
    line = edit_line(UID, sent, PEER, Path("/data"))
    assert line == (
        "upsdesk set UPS_SCP@10.0.0.7:11112 --iuid 1.2.3 --set 'ProcedureStepLabel=CT head; rm -rf' "
        "--aet DESK --data-dir /data"
    )
    assert (edit_line(None, sent, PEER, None) or "").startswith("upsdesk create UPS_SCP@10.0.0.7:11112 --set")


def test_what_it_cannot_say_it_does_not_say() -> None:
    item = Elements([element(tags.CODE_VALUE, "1")])
    for items in ((item, item), (Elements(),)):
        sent = Elements([sequence(tags.SCHEDULED_WORKITEM_CODE_SEQUENCE, *items)])
        assert edit_line(UID, sent, PEER, None) is None
