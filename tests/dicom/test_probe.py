"""The test of a server, step by step, against good and bad servers."""

from collections.abc import Iterator
from typing import Any

from pydicom.dataset import Dataset

from tests.support import rude_peer
from tests.support.plain_scp import PULL, PUSH, QUERY, VERIFICATION, PlainScp, data_set
from tests.support.rude_peer import Connection, RudePeer
from upsdesk.dicom.probe import ASSOCIATION, CONNECTION, NAME, SEARCH, SERVICES, ProbeStep, probe
from upsdesk.domain.keys import AeTitle, PeerId
from upsdesk.domain.peer import LOOPBACK, Peer, Timeouts

TITLES = [NAME, CONNECTION, ASSOCIATION, SERVICES, SEARCH]


def probed(port: int, host: str = LOOPBACK) -> dict[str, ProbeStep]:
    timeouts = Timeouts(connect=1, acse=0.5, dimse=0.5, network=5, release=0.5)
    steps = list(probe(Peer(PeerId("p"), AeTitle("ANY"), host, port, timeouts=timeouts)))
    assert [one.title for one in steps] == TITLES
    assert all(one.next_step for one in steps if one.ok is False), "who must mend what"
    return {one.title: one for one in steps}


def verdicts(steps: dict[str, ProbeStep]) -> list[bool | None]:
    return [one.ok for one in steps.values()]


def test_good_server() -> None:
    def find(event: Any) -> Iterator[tuple[int, Dataset | None]]:
        assert event.identifier.ProcedureStepState == "SCHEDULED"
        for number in range(1000):
            if event.is_cancelled:
                yield 0xFE00, None
                return
            yield 0xFF00, data_set(SOPInstanceUID=f"1.2.{number}")

    with PlainScp(answers={"C-FIND": find}) as scp:
        steps = probed(scp.port)
    assert verdicts(steps) == [True] * 5
    assert "Pull (implicit)" in steps[SERVICES].detail
    assert "A scheduled workitem came back (UPS Pull" in steps[SEARCH].detail
    assert len(scp.associations) == 1


def test_empty_server_and_name() -> None:
    with PlainScp() as scp:
        steps = probed(scp.port, "localhost")
    assert verdicts(steps) == [True] * 5
    assert "127.0.0.1" in steps[NAME].detail
    assert "nothing is scheduled" in steps[SEARCH].detail


def test_unknown_name() -> None:
    steps = probed(104, "no-such-host.invalid")
    assert verdicts(steps) == [False, None, None, None, None]


def test_nothing_listens() -> None:
    with rude_peer.refusing_port() as port:
        steps = probed(port)
    assert verdicts(steps) == [True, False, None, None, None]
    assert "nothing listens there" in steps[CONNECTION].detail


def rejecting(reason: int) -> RudePeer:
    def script(connection: Connection) -> None:
        connection.read_request()
        connection.send(rude_peer.reject(1, 1, reason))
        connection.wait_until_closed()

    return RudePeer(script)


def test_called_title_unknown() -> None:
    with rejecting(7) as peer:
        steps = probed(peer.port)
    assert verdicts(steps) == [True, True, False, None, None]
    assert "Called AE title not recognized" in steps[ASSOCIATION].detail
    assert "typed here" in steps[ASSOCIATION].next_step


def test_calling_title_unknown() -> None:
    with rejecting(3) as peer:
        steps = probed(peer.port)
    assert "administrator must add our AE title" in steps[ASSOCIATION].next_step


def test_silence() -> None:
    with RudePeer(Connection.wait_until_closed) as peer:
        steps = probed(peer.port)
    assert verdicts(steps) == [True, True, False, None, None]


def test_no_service_at_all() -> None:
    with RudePeer(lambda connection: connection.accept(results=lambda _: 3)) as peer:
        steps = probed(peer.port)
    assert verdicts(steps) == [True, True, True, False, None]
    assert "WORKLIST" in steps[SERVICES].next_step


def test_verification_only() -> None:
    with PlainScp(classes=[VERIFICATION]) as scp:
        steps = probed(scp.port)
    assert verdicts(steps) == [True, True, True, False, None]
    assert "WORKLIST" in steps[SERVICES].next_step


def test_some_services() -> None:
    with PlainScp(classes=[PULL, PUSH]) as scp:
        steps = probed(scp.port)
    assert verdicts(steps) == [True] * 5
    assert "UPS Watch: no live updates" in steps[SERVICES].detail


def test_search_without_pull() -> None:
    with PlainScp(classes=[QUERY]) as scp:
        steps = probed(scp.port)
    assert verdicts(steps) == [True, True, True, False, True]
    assert "UPS Query" in steps[SEARCH].detail


def test_search_fails() -> None:
    with PlainScp(answers={"C-FIND": lambda _: iter([(0xA700, None)])}) as scp:
        steps = probed(scp.port)
    assert verdicts(steps) == [True, True, True, True, False]
    assert "A700" in steps[SEARCH].detail


def test_given_up_in_the_middle() -> None:
    with PlainScp() as scp:
        steps = probe(Peer(PeerId("p"), AeTitle("ANY"), LOOPBACK, scp.port))
        assert next(steps).title == NAME
        assert next(steps).title == CONNECTION
        steps.close()  # type: ignore[attr-defined]
