"""A store of an older program is brought up to date whole or left alone; one of a newer one is refused."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.stores import opened, put, stored, uids
from upsdesk.domain import tags
from upsdesk.domain.state import ProcedureStepState
from upsdesk.scp.narrowing import Key, Narrowing, Range, When
from upsdesk.scp.store import schema, sqlite
from upsdesk.scp.store.migrations import UnknownVersion
from upsdesk.scp.store.status import GlobalKind, observing

_LAYOUT_1 = Path(__file__).parent / "store_layout_1.sql"
"""What the program of layout 1 wrote: four workitems, two subscribers with reports that wait."""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    store = tmp_path / "store"
    with closing(sqlite3.connect(store)) as connection:
        connection.executescript(_LAYOUT_1.read_text())
    return store


def _shape(store: Path) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(store)) as connection:
        rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
        return {(f"{kind} {name}", " ".join(str(sql).replace('"', "").split())) for kind, name, sql in rows}


def _content(store: Path) -> list[str]:
    with closing(sqlite3.connect(store)) as connection:
        return sorted(connection.iterdump())


def test_an_old_store_is_read_as_it_was(old: Path) -> None:
    with opened(old) as repository, repository.reading() as reader:
        assert not repository.is_new
        assert reader.count() == 4
        performed = reader.workitem("1.2.3.2")
        assert performed is not None
        assert (performed.state, performed.lock, performed.performer, performed.revision) == (
            ProcedureStepState.IN_PROGRESS,
            "1.9.2",
            "PERF",
            1,
        )
        assert performed.elements.text(tags.PATIENT_NAME) == "Ångström^Åsa"
        done = reader.workitem("1.2.3.3")
        assert done is not None
        assert done.ended == datetime(2026, 3, 10, 8, 7, tzinfo=UTC).timestamp()
        assert [(one.aet, one.lock, one.filter is not None) for one in reader.global_subscriptions()] == [
            ("ALICE", True, False),
            ("BOB", False, True),
        ]
        assert reader.subscribers_of("1.2.3.2") == ("ALICE", "BOB")
        assert reader.is_locked("1.2.3.1")
        assert [one.number for one in reader.queued("ALICE", 100)] == [3, 6, 7, 9, 10, 11, 12, 13]
        assert reader.queue_lengths() == {"ALICE": 8, "BOB": 3}


def test_what_is_new_is_filled_from_the_data_sets(old: Path) -> None:
    noon = datetime(2026, 3, 10, 7, 0, tzinfo=UTC).timestamp()
    with opened(old) as repository:
        for narrowing, expected in (
            (Narrowing(equal=((Key.PATIENT_ID, "P2"),)), ["1.2.3.2"]),
            (Narrowing(like=((Key.PATIENT_NAME, "angstrom*"),)), ["1.2.3.2"]),
            (Narrowing(equal=((Key.PATIENT_NAME, "山田^太郎"),)), ["1.2.3.1"]),
            (Narrowing(equal=((Key.STATION_NAME, "FX1"),)), ["1.2.3.1", "1.2.3.2"]),
            (Narrowing(equal=((Key.STATION_NAME, "FX1"),), state="IN PROGRESS"), ["1.2.3.2"]),
            (Narrowing(equal=((Key.ADMISSION_ID, "ADM2"),)), ["1.2.3.2"]),
            (Narrowing(ranges=(Range(When.START, noon, noon),)), ["1.2.3.1"]),
            (Narrowing(ranges=(Range(When.EXPIRATION),)), ["1.2.3.3"]),
        ):
            assert uids(repository, narrowing) == expected


def test_a_migrated_store_has_the_shape_of_a_new_one(old: Path, tmp_path: Path) -> None:
    with opened(old), opened(tmp_path / "new"):
        pass
    assert _shape(old) == _shape(tmp_path / "new")


def test_new_reports_come_behind_the_old_ones(old: Path) -> None:
    with opened(old) as repository:
        with repository.writing() as writer:
            known = writer.queued("BOB", 1)[0]
            writer.enqueue(writer.subscribers_of("1.2.3.2"), [known.report])
        with repository.reading() as reader:
            assert [one.number for one in reader.queued("BOB", 100)][-1] > 13


def test_a_migration_happens_once(old: Path) -> None:
    with opened(old) as repository:
        put(repository, stored("1.2.3.5"))
    before = _content(old)
    with opened(old):
        pass
    assert _content(old) == before


def test_a_migration_that_is_interrupted_leaves_the_old_store(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("UPDATE workitems SET data = X'FF' WHERE uid = '1.2.3.4'")
        connection.commit()
    before = _content(old)
    with pytest.raises(ValueError, match="data set"), opened(old):
        pass
    assert _content(old) == before


@pytest.mark.parametrize("layout", [0, schema.VERSION + 1, 99])
def test_an_unknown_layout_is_refused_in_one_sentence_and_left_alone(tmp_path: Path, layout: int) -> None:
    store = tmp_path / "store"
    with opened(store):
        pass
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("UPDATE schema_version SET version = ?", (layout,))
        connection.commit()
    before = _content(store)
    said = f"^the store has layout {layout}, and this program knows {schema.VERSION}: use a newer UPS Desk.*$"
    with pytest.raises(UnknownVersion, match=said), opened(store):
        pass
    assert _content(store) == before


def test_an_observer_does_not_migrate(old: Path) -> None:
    before = _content(old)
    with pytest.raises(UnknownVersion, match="start the SCP on it once"), observing(old):
        pass
    assert _content(old) == before
    with opened(old), observing(old) as observer:
        assert [(one.aet, one.global_kind, one.queued) for one in observer.status()] == [
            ("ALICE", GlobalKind.ALL, 8),
            ("BOB", GlobalKind.FILTERED, 3),
        ]


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    store = tmp_path / "letter"
    store.write_text("Dear colleague, " * 100)
    with pytest.raises(OSError, match="cannot be opened"), opened(store):
        pass
    with pytest.raises(OSError, match="cannot be opened"):
        sqlite.open_to_look(store)
    assert store.read_text().startswith("Dear colleague")
