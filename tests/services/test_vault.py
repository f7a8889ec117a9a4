"""What the desk knows of its locks while it, and command lines on the same folder, write the file."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.services.values import NOW, vault_entry
from upsdesk.services.desk import open_desk
from upsdesk.services.desk_file import DeskFile
from upsdesk.services.records import ClaimStatus
from upsdesk.services.vault import Vault
from upsdesk.services.vault_watch import VaultWatch

ONE, TWO = (vault_entry(number, lock=f"2.25.{number}") for number in (1, 2))
HELD = ClaimStatus.HELD


def test_a_confirmed_claim_stays_confirmed_though_the_disk_took_nothing() -> None:
    vault = Vault([ONE])
    vault.put(replace(ONE, status=HELD))
    vault.was_read([ONE, TWO])
    assert vault.with_status(HELD) == (replace(ONE, status=HELD),)
    assert vault.with_status(ClaimStatus.CLAIM_SENT) == (TWO,)
    vault.was_read([TWO])
    assert vault.with_status(HELD) == (), "another program has ended it"


def test_what_is_read_while_a_change_goes_to_the_disk_is_not_the_newest() -> None:
    vault = Vault([ONE])
    before = vault.turn
    vault.take(ONE)
    with vault.writing():
        assert vault.turn is None
    assert vault.turn is not None and before is not None and vault.turn > before


async def test_the_watch_sees_what_another_program_writes(tmp_path: Path) -> None:
    desk = open_desk(tmp_path, make_uid=lambda: "2.25.9", clock=lambda: NOW)
    try:
        watch = VaultWatch(desk)
        await watch.look()
        assert desk.held_entries() == ()
        other = DeskFile(tmp_path / "desk.sqlite")
        other.keep_claim(replace(ONE, status=HELD))
        await watch.look()
        assert [entry.key for entry in desk.held_entries()] == [ONE.key]
        assert desk.store.is_held(ONE.key)
        other.forget(ONE)
        with desk.vault.writing():
            await watch.look()
            assert desk.store.is_held(ONE.key), "not while this desk writes"
        await watch.look()
        assert desk.held_entries() == () and not desk.store.is_held(ONE.key)
        other.close()
    finally:
        await desk.close()


@pytest.mark.parametrize("damage", ["missing", "broken"])
async def test_a_file_that_cannot_be_read_changes_nothing(tmp_path: Path, damage: str) -> None:
    desk = open_desk(tmp_path, make_uid=lambda: "2.25.9", clock=lambda: NOW)
    try:
        desk.vault_was_read([replace(ONE, status=HELD)])
        path = tmp_path / "desk.sqlite"
        if damage == "missing":
            path.unlink()
        else:
            path.write_bytes(b"no database" * 1000)
        await VaultWatch(desk).look()
        assert desk.store.is_held(ONE.key)
    finally:
        await desk.close()
