"""Handing over: what the file says to whom, who may act afterwards, and what is read before a take-over."""

import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.services.fake_peer import FakePeer, Fault
from tests.services.values import NOW, PEER, key_of, vault_entry, workitem_elements
from upsdesk.domain import tags
from upsdesk.domain.attributes import element
from upsdesk.domain.keys import PeerId, WorkitemKey
from upsdesk.domain.operation import Operation
from upsdesk.domain.peer import PeerUse
from upsdesk.domain.state import ProcedureStepState
from upsdesk.services.claim import Claim
from upsdesk.services.desk import Desk, open_desk
from upsdesk.services.desk_file import ClaimStatus, DeskFile, JournalEntry, JournalKind
from upsdesk.services.hand_over import HandOver, HandOverError, opened, sealed
from upsdesk.services.handing import TakeOver, forget_key, give_away, peer_for
from upsdesk.services.holder import ReportProgress
from upsdesk.services.journal_days import JournalDays
from upsdesk.services.records import ActRecord
from upsdesk.services.results import ResultKind

S = ProcedureStepState
KEY = key_of(1)
PASSPHRASE = "linac monday morning"
AT_OTHER = replace(PEER, id=PeerId("s-other"), host="10.0.0.9", name="TMS", calling_aet=PEER.called_aet)


@asynccontextmanager
async def desk_at(folder: Path, server: FakePeer, first: int = 1) -> AsyncIterator[Desk]:
    numbers = iter(range(first * 1000, first * 1000 + 500))
    desk = open_desk(
        folder,
        make_uid=lambda: f"2.25.{next(numbers)}",
        clock=lambda: NOW,
        zone=UTC,
        scu_factory=server.factory,
    )
    try:
        yield desk
    finally:
        await desk.close()


@pytest.fixture
def server() -> FakePeer:
    made = FakePeer()
    made.add(KEY.uid, workitem_elements())
    return made


async def claimed(desk: Desk) -> None:
    desk.settings.profiles.save(PEER)
    assert (await Claim(KEY).run(desk)).kind is ResultKind.DONE


def into(path: Path) -> Callable[[bytes], None]:
    return lambda data: path.write_bytes(data) and None


async def test_what_is_given_away_is_acted_on_by_the_other_desk_only(
    tmp_path: Path, server: FakePeer
) -> None:
    path = tmp_path / "file.upsdesk"
    async with desk_at(tmp_path / "a", server) as first, desk_at(tmp_path / "b", server, 2) as second:
        await claimed(first)
        second.settings.profiles.save(AT_OTHER)
        await give_away(first, first.held_entries(), PASSPHRASE, into(path))
        assert first.held_keys() == ()
        result = await ReportProgress(KEY, 30).run(first)
        assert result.kind is ResultKind.ILLEGAL
        assert Operation.SET not in server.requests()
        (entry,) = opened(path.read_bytes(), PASSPHRASE).entries
        peer = peer_for(second, entry)
        assert peer == AT_OTHER  # another name and address of the same server
        taken = await TakeOver(peer, entry).run(second)
        assert taken.kind is ResultKind.DONE, taken
        there = WorkitemKey(AT_OTHER.id, KEY.uid)
        assert second.held_keys() == (there,)
        assert (await ReportProgress(there, 40).run(second)).kind is ResultKind.DONE
        assert (await TakeOver(peer, entry).run(second)).kind is ResultKind.ILLEGAL
        titles = {entry.act for entry in first.desk_file.journal(KEY)}
        assert "Handed over" in titles
    async with desk_at(tmp_path / "a", server) as again:  # after a restart too
        assert again.held_keys() == ()
        assert [one.status for one in again.vault.all_of(KEY, PEER)] == [ClaimStatus.HANDED_OVER]
        server.change(KEY.uid, element(tags.PROCEDURE_STEP_STATE, "COMPLETED"))
        await again.worklist.read([KEY])
        assert again.desk_file.entries() == ()  # the final state ends it for both


async def test_it_can_be_taken_back_on_the_same_desk(tmp_path: Path, server: FakePeer) -> None:
    path = tmp_path / "file.upsdesk"
    async with desk_at(tmp_path / "a", server) as desk:
        await claimed(desk)
        await give_away(desk, desk.held_entries(), PASSPHRASE, into(path))
        (entry,) = opened(path.read_bytes(), PASSPHRASE).entries
        assert (await TakeOver(PEER, entry).run(desk)).kind is ResultKind.DONE
        assert desk.held_keys() == (KEY,)
        assert len(desk.desk_file.entries()) == 1


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (element(tags.PATIENT_NAME, "Nowak^Jana"), ResultKind.CHANGED),
        (element(tags.PATIENT_ID, "PAT-9"), ResultKind.CHANGED),
        (element(tags.PROCEDURE_STEP_STATE, "COMPLETED"), ResultKind.CHANGED),
    ],
    ids=["name", "id", "state"],
)
async def test_a_take_over_reads_first_and_sends_nothing_for_anything_else(
    tmp_path: Path, server: FakePeer, change: object, kind: ResultKind
) -> None:
    async with desk_at(tmp_path / "b", server) as desk:
        desk.settings.profiles.save(PEER)
        server.add(KEY.uid, workitem_elements(S.IN_PROGRESS), vault_entry(1).transaction_uid)
        server.change(KEY.uid, change)
        result = await TakeOver(PEER, vault_entry(1)).run(desk)
        assert result.kind is kind
        assert Operation.SET not in server.requests()
        assert desk.desk_file.entries() == ()


async def test_a_file_of_the_demo_is_taken_over_at_the_demo_only(tmp_path: Path, server: FakePeer) -> None:
    server.add(KEY.uid, workitem_elements(S.IN_PROGRESS), vault_entry(1).transaction_uid)
    for use, is_demo in ((PeerUse.CLINICAL, True), (PeerUse.DEMO, False)):
        async with desk_at(tmp_path / use.name, server) as desk:
            peer = replace(PEER, use=use)
            desk.settings.profiles.save(peer)
            result = await TakeOver(peer, vault_entry(1), is_demo).run(desk)
            assert result.kind is ResultKind.ILLEGAL
            assert desk.desk_file.entries() == ()
    assert server.requests() == []


async def test_without_an_answer_nothing_is_taken_and_a_wrong_key_is_told(
    tmp_path: Path, server: FakePeer
) -> None:
    async with desk_at(tmp_path / "b", server) as desk:
        desk.settings.profiles.save(PEER)
        server.add(KEY.uid, workitem_elements(S.IN_PROGRESS), vault_entry(1).transaction_uid)
        server.fail(Operation.GET, Fault.UNREACHABLE)
        assert (await TakeOver(PEER, vault_entry(1)).run(desk)).kind is ResultKind.NOT_SENT
        wrong = await TakeOver(PEER, vault_entry(1, "2.25.666")).run(desk)
        assert wrong.kind is ResultKind.REFUSED
        assert wrong.outcome.code_text == "C301"
        assert desk.desk_file.entries() == ()
        server.fail(Operation.SET, Fault.LOST_AFTER)
        lost = await TakeOver(PEER, vault_entry(1)).run(desk)
        assert lost.kind is ResultKind.UNKNOWN
        assert [one.status for one in desk.desk_file.entries()] == [ClaimStatus.CLAIM_SENT]


async def test_a_file_that_cannot_be_written_leaves_everything_held(tmp_path: Path, server: FakePeer) -> None:
    def full(data: bytes) -> None:
        raise OSError(28, "No space left on device")

    async with desk_at(tmp_path / "a", server) as desk:
        await claimed(desk)
        with pytest.raises(OSError, match="No space"):
            await give_away(desk, desk.held_entries(), PASSPHRASE, full)
        assert desk.held_keys() == (KEY,)
        assert [one.status for one in desk.desk_file.entries()] == [ClaimStatus.HELD]
        with pytest.raises(HandOverError, match="at least 8"):
            await give_away(desk, desk.held_entries(), "short", full)
        assert (await ReportProgress(KEY, 30).run(desk)).kind is ResultKind.DONE


async def test_an_act_of_another_program_and_a_hand_over_never_pass_each_other(
    tmp_path: Path, server: FakePeer
) -> None:
    path = tmp_path / "file.upsdesk"
    async with desk_at(tmp_path / "a", server) as window:
        await claimed(window)
        record = ActRecord(
            "2.25.7", KEY, PEER.called_aet, PEER.host, PEER.port, "Complete", None, NOW, process=1
        )
        window.desk_file.begin_act(record)  # process 1 goes on
        with pytest.raises(HandOverError, match="under way"):
            await give_away(window, window.held_entries(), PASSPHRASE, into(path))
        assert not path.exists()
        assert window.held_keys() == (KEY,)
        window.desk_file.end_act(record.id)
        other = DeskFile(window.desk_file.path)  # a command line hands it over
        other.set_status(other.entries()[0], ClaimStatus.HANDED_OVER)
        other.close()
        result = await ReportProgress(KEY, 30).run(window)  # which this window has not heard of yet
        assert result.kind is ResultKind.ILLEGAL
        assert "handed over" in result.outcome.meaning
        assert Operation.SET not in server.requests()
        assert window.desk_file.acts() == ()


async def test_a_key_is_forgotten_by_an_explicit_act_that_is_noted(tmp_path: Path, server: FakePeer) -> None:
    async with desk_at(tmp_path / "a", server) as desk:
        await claimed(desk)
        await forget_key(desk, desk.held_entries()[0])
        assert desk.desk_file.entries() == ()
        assert desk.held_keys() == ()
        assert "Key forgotten" in {entry.act for entry in desk.desk_file.journal(KEY)}


def hand_over(is_demo: bool = False) -> HandOver:
    entry = replace(
        vault_entry(1),
        key=WorkitemKey(PeerId(""), KEY.uid),
        status=ClaimStatus.HANDED_OVER,
        operator="Meyer, Anna",
    )
    return HandOver(NOW, "RT console", "Meyer, Anna", (entry,), is_demo)


def test_the_file_says_nothing_without_its_passphrase() -> None:
    data = sealed(hand_over(), PASSPHRASE)
    for secret in (b"Novak", b"PAT-1", b"2.25.1", b"1962", b"Meyer", KEY.uid.encode(), PASSPHRASE.encode()):
        assert secret not in data
    assert opened(data, PASSPHRASE) == hand_over()
    assert data != sealed(hand_over(), PASSPHRASE)  # another salt and nonce each time
    for wrong in ("", "linac monday mornin", PASSPHRASE + " "):
        with pytest.raises(HandOverError, match="passphrase"):
            opened(data, wrong)
    composed, decomposed = "Schlüssel der Röntgenabteilung", "Schlu\u0308ssel der Ro\u0308ntgenabteilung"
    assert opened(sealed(hand_over(), composed), decomposed) == hand_over()


def test_a_changed_file_is_refused() -> None:
    data = sealed(hand_over(is_demo=True), PASSPHRASE)
    head = json.loads(data)
    for change in ({"is_demo": False}, {"data": head["data"][:-8] + "AAAAAAA="}, {"extra": 1}):
        with pytest.raises(HandOverError):
            opened(json.dumps(head | change).encode(), PASSPHRASE)
    for change in (
        {"version": 2},
        {"format": "x"},
        {"key": {}},
        {"key": head["key"] | {"n": 1 << 30}},
        {"data": 3},
    ):
        with pytest.raises(HandOverError):
            opened(json.dumps(head | change).encode(), PASSPHRASE)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.binary(max_size=60),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: st.dictionaries(
                st.sampled_from(["format", "version", "key", "cipher", "data", "is_demo", "n", "salt"]), inner
            ),
            max_leaves=8,
        ).map(
            lambda value: json.dumps(
                value | {"format": "UPS Desk hand-over", "version": 1} if isinstance(value, dict) else value
            ).encode()
        ),
    )
)
def test_any_other_file_is_one_clear_sentence(content: bytes) -> None:
    with pytest.raises(HandOverError) as told:
        opened(content, PASSPHRASE)
    assert str(told.value).count(".") >= 1 and "\n" not in str(told.value)


def test_the_journal_is_append_only_and_drops_what_is_older_than_90_days(tmp_path: Path) -> None:
    file = DeskFile(tmp_path / "desk.sqlite")
    days = ["2025-11-01T10:00:00+00:00", "2025-12-03T23:59:00+00:00", "2025-12-04T01:30:00+02:00",
            "2025-12-04T00:00:00+00:00", "2026-03-04T09:00:00+01:00"]  # fmt: skip
    file.record(*[JournalEntry(datetime.fromisoformat(day), PEER.id, JournalKind.NOTE, day) for day in days])
    file.drop_old_journal(NOW)  # 2026-03-04 09:30 UTC: 90 days before is 2025-12-04
    assert [entry.act for entry in reversed(file.journal())] == days[3:]
    file.close()
    with (
        sqlite3.connect(tmp_path / "desk.sqlite") as connection,
        pytest.raises(sqlite3.Error, match="not changed"),
    ):
        connection.execute("UPDATE journal SET act='x'")
    connection.close()


def test_a_file_of_an_older_version_keeps_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite"
    file = DeskFile(path)
    file.keep_claim(vault_entry(1))
    file.record(JournalEntry(NOW, PEER.id, JournalKind.NOTE, "Started"))
    file.close()
    with sqlite3.connect(path) as connection:  # as version 1 left it
        connection.execute("DROP TRIGGER journal_is_append_only")
        connection.execute("PRAGMA user_version=1")
    connection.close()
    again = DeskFile(path)
    assert again.entries() == (vault_entry(1),)
    assert [entry.act for entry in again.journal()] == ["Started"]
    again.close()
    with sqlite3.connect(path) as connection, pytest.raises(sqlite3.Error, match="not changed"):
        connection.execute("UPDATE journal SET act='x'")
    connection.close()


async def test_old_days_are_dropped_once_a_day(tmp_path: Path, server: FakePeer) -> None:
    now = NOW
    desk = open_desk(
        tmp_path, make_uid=lambda: "2.25.1", clock=lambda: now, zone=UTC, scu_factory=server.factory
    )
    days = JournalDays(desk)
    old = JournalEntry(NOW - timedelta(days=91), PEER.id, JournalKind.NOTE, "Old")
    desk.desk_file.record(old)
    await days.look()
    assert desk.desk_file.journal() == ()
    desk.desk_file.record(old)
    await days.look()
    assert len(desk.desk_file.journal()) == 1  # that was done today
    now += timedelta(days=1)
    await days.look()
    assert desk.desk_file.journal() == ()
    await desk.close()
