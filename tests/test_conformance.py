"""docs/conformance.md: what the generator writes, and true of the associations that can be observed."""

import re
import struct
from collections.abc import Iterator
from typing import Any

import pytest
from pynetdicom import AE
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation

from tests.support import raw_scu
from tests.support.plain_scp import EVENT, VERIFICATION, PlainScp
from tests.support.raw_scu import item
from tests.support.running_scp import AET, Bench, bench
from tests.support.statement import TEXT, parameter, rows, syntaxes
from tools.conformance.__main__ import statement
from tools.conformance.network import SYNTAX_NAMES
from upsdesk.dicom.event_listener import EventListener
from upsdesk.dicom.scu import UpsScu
from upsdesk.dicom.upper_layer.associate import IMPLEMENTATION_UID
from upsdesk.domain.keys import AeTitle, PeerId
from upsdesk.domain.peer import Peer
from upsdesk.scp.dispatcher import Delivery


@pytest.fixture(scope="module")
def there() -> Iterator[Bench]:
    with bench() as found:
        yield found


# The file


def test_the_file_is_what_the_generator_writes() -> None:
    assert statement() == TEXT, "run `make docs` and commit docs/conformance.md"


def test_all_links_within_lead_somewhere() -> None:
    heads = re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
    assert len(anchors) == len(heads)
    links = re.findall(r"\]\(#([^)]*)\)", TEXT)
    assert len(links) > 20
    assert set(links) <= anchors


def test_every_table_is_numbered_once() -> None:
    numbers = re.findall(r"^\*\*Table ([\d.-]+)\.", TEXT, re.MULTILINE)
    assert len(numbers) == len(set(numbers)) > 20
    mentioned = set(re.findall(r"Table ([1-6](?:\.\d)?-\d+)", TEXT))
    assert mentioned <= set(numbers)


# Associations of the SCP


def accepted(there: Bench, **options: Any) -> bytes:
    """The content of the A-ASSOCIATE-AC that the SCP gives."""
    with raw_scu.connected(there.port) as scu:
        scu.send(raw_scu.associate_request(AET.encode(), **options))
        kind, content = scu.read_pdu()
        assert kind == 2, (kind, content)
        return content


def test_presentation_contexts_of_the_scp(there: Bench) -> None:
    offered = {row["UID"]: syntaxes(row) for row in rows("4.4-2")}
    assert len(offered) == 5
    proposed = [(uid, [syntax]) for uid in offered for syntax in SYNTAX_NAMES]
    proposed += [(uid, list(reversed(order))) for uid, order in offered.items()]
    proposed += [(EVENT, list(SYNTAX_NAMES)), ("1.2.840.10008.5.1.4.34.4.1", list(SYNTAX_NAMES))]
    contexts = [
        (2 * number + 1, uid.encode(), [syntax.encode() for syntax in order])
        for number, (uid, order) in enumerate(proposed)
    ]
    answer = raw_scu.results(accepted(there, contexts=contexts))
    for number, uid, order in contexts:
        mine = [one.encode() for one in offered.get(uid.decode(), [])]
        common_ones = [one for one in mine if one in order]
        assert answer[number][0] == (0 if common_ones else 4 if mine else 3), (uid, order)
        assert not common_ones or answer[number][1] == common_ones[0]


def test_roles_and_extended_negotiation_of_the_scp(there: Bench) -> None:
    table = rows("4.4-2")
    uids = [row["UID"].encode() for row in table]
    length = {uid: struct.pack(">H", len(uid)) + uid for uid in uids}
    more = b"".join(item(0x54, length[uid] + b"\1\1") + item(0x56, length[uid] + b"\1\1\1\1") for uid in uids)
    contexts = [(2 * number + 1, uid, [raw_scu.IMPLICIT]) for number, uid in enumerate(uids)]
    answered = raw_scu.user_items(accepted(there, contexts=contexts, more=more))
    assert {row["Role"] for row in table} == {"SCP"}
    assert [value for kind, value in answered if kind == 0x54] == [length[uid] + b"\1\0" for uid in uids]
    extended = [row["UID"].encode() for row in table if row["Extended negotiation"] != "none"]
    assert [value for kind, value in answered if kind == 0x56] == [
        length[uid] + b"\1\1\1\1" for uid in extended
    ]


def test_what_the_scp_announces(there: Bench) -> None:
    answered = dict(raw_scu.user_items(accepted(there)))
    assert struct.unpack(">I", answered[0x51])[0] == parameter("4.4-1", "Maximum Length Received")
    for kind, head in ((0x52, "Implementation Class UID"), (0x55, "Implementation version name")):
        assert re.search(rf"^\| {head} +\| {answered[kind].decode()} \|$", TEXT, re.MULTILINE)


# Associations of the SCU, the listener and the sender of reports


def test_associations_of_the_scu() -> None:
    with PlainScp() as plain:
        scu = UpsScu(Peer(PeerId("any"), AeTitle(plain.aet), "127.0.0.1", plain.port))
        scu.open()
        requestor = plain.associations[0].requestor
        scu.release()
    proposed = {
        str(one.abstract_syntax): [str(syntax) for syntax in one.transfer_syntax]
        for one in requestor.requested_contexts
    }
    assert proposed == {row["UID"]: syntaxes(row) for row in rows("4.2-2")}
    assert requestor.maximum_length == parameter("4.2-1", "Maximum Length Received")
    assert not requestor.role_selection
    assert not requestor.sop_class_extended
    assert requestor.user_identity is None
    assert str(requestor.implementation_class_uid) == IMPLEMENTATION_UID


def test_associations_of_the_listener() -> None:
    offered = {row["UID"]: syntaxes(row) for row in rows("4.3-2")}
    assert set(offered) == {VERIFICATION, EVENT}
    listener = EventListener(AeTitle("HERE"), "127.0.0.1", 0, lambda _report: None)
    port = listener.start()
    try:
        for uid, order in offered.items():
            for chosen in ([one] for one in order):
                assert _accepted_by_listener(port, uid, chosen) == chosen
            assert _accepted_by_listener(port, uid, list(reversed(order))) == order[:1]
    finally:
        listener.stop()


def _accepted_by_listener(port: int, uid: str, proposed: list[str]) -> list[str]:
    ae = AE("SENDER")
    ae.add_requested_context(uid, proposed)
    role = SCP_SCU_RoleSelectionNegotiation()
    role.sop_class_uid, role.scu_role, role.scp_role = EVENT, False, True
    assoc = ae.associate("127.0.0.1", port, ae_title="ANYBODY", ext_neg=[role] if uid == EVENT else [])
    assert assoc.is_established
    [context] = assoc.accepted_contexts
    assert (context.as_scu, context.as_scp) == ((False, True) if uid == EVENT else (True, False))
    assert assoc.acceptor.maximum_length == parameter("4.3-1", "Maximum Length Received")
    assert str(assoc.acceptor.implementation_class_uid) == IMPLEMENTATION_UID
    assoc.release()
    assoc.join(2)
    return [str(one) for one in context.transfer_syntax]


def test_associations_for_reports() -> None:
    with bench(delivery=Delivery(idle_release=30)) as there:
        [assoc] = there.alice._server.active_associations  # that on which it told of its start
        requestor = assoc.requestor
        [context] = requestor.requested_contexts
        role = requestor.role_selection[EVENT]
    [row] = rows("4.4-14")
    assert (row["UID"], row["Role"]) == (EVENT, "SCP")
    assert str(context.abstract_syntax) == EVENT
    assert [str(one) for one in context.transfer_syntax] == syntaxes(row)
    assert (role.scu_role, role.scp_role) == (False, True)
    assert requestor.maximum_length == parameter("4.4-15", "Maximum Length Received")
