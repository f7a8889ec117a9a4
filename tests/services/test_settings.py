"""Settings: what is read back, what is refused with its place, what is never thrown away."""

import contextlib
import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from tests.services.values import PEER, mode_of
from upsdesk.domain.keys import AeTitle, PeerId
from upsdesk.domain.peer import PeerUse, Timeouts
from upsdesk.services import log
from upsdesk.services.files import (
    WindowLock,
    load_window_state,
    prepare_folder,
    save_window_state,
    write_atomically,
)
from upsdesk.services.settings import DeskSettings, Settings, SettingsError, Theme, new_peer_id, zone_named

FULL = replace(
    PEER,
    use=PeerUse.TEST,
    listen_host="0.0.0.0",
    listen_port=11113,
    zone="Europe/Prague",
    timeouts=Timeouts(connect=1.5, acse=3, dimse=4, network=5, release=6),
    transfer_syntaxes=("implicit",),
    max_pdu=0,
)


def test_a_saved_profile_is_read_back(tmp_path: Path) -> None:
    settings = Settings.load(tmp_path / "data")
    told: list[int] = []
    settings.profiles.subscribe(lambda: told.append(1))
    settings.profiles.save(FULL)
    settings.profiles.save(replace(PEER, id=PeerId("s-2"), name="Other"))
    again = Settings.load(tmp_path / "data").profiles
    assert again.peers == (FULL, replace(PEER, id=PeerId("s-2"), name="Other"))
    assert again.by_id(FULL.id) == FULL
    assert again.at(AeTitle("UPSSCP"), "127.0.0.1", 11112) == FULL
    assert again.at(AeTitle("UPSSCP"), "127.0.0.1", 1) is None
    assert len(told) == 2
    assert mode_of(tmp_path / "data") == 0o700
    assert mode_of(tmp_path / "data" / "profiles.toml") == 0o600


def test_defaults_are_not_written_and_unknown_keys_stay(tmp_path: Path) -> None:
    (tmp_path / "profiles.toml").write_text(
        'version = 1\ncolour = "blue"\n[[profile]]\nid = "s-1"\nname = "A"\naet = "X"\nhost = "h"\n'
        'network_timeout = 7\nshift = "night"\n',
        encoding="utf-8",
    )
    profiles = Settings.load(tmp_path).profiles
    peer = profiles.peers[0]
    assert (peer.called_aet, peer.host, peer.port, peer.timeouts.network) == ("X", "h", 104, 7)
    profiles.save(replace(peer, host="other", timeouts=Timeouts()))
    text = (tmp_path / "profiles.toml").read_text(encoding="utf-8")
    assert 'colour = "blue"' in text and 'shift = "night"' in text and 'host = "other"' in text
    assert "network_timeout" not in text


def test_removing_keeps_the_others(tmp_path: Path) -> None:
    profiles = Settings.load(tmp_path).profiles
    for number in (1, 2, 3):
        profiles.save(replace(PEER, id=PeerId(f"s-{number}"), name=f"Server {number}"))
    profiles.remove(PeerId("s-2"))
    assert [peer.name for peer in Settings.load(tmp_path).profiles.peers] == ["Server 1", "Server 3"]


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    profiles = Settings.load(tmp_path).profiles
    profiles.save(PEER)
    with pytest.raises(ValueError, match="choose another name"):
        profiles.save(replace(PEER, id=PeerId("s-2"), name="TEST SERVER"))
    assert profiles.peers == (PEER,)


HEAD = 'version = 1\n[[profile]]\nid = "a"\naet = "OK"\nhost = "h"\n[[profile]]\nid = "b"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + 'aet = "A"\nhost = "h"\nport = 70000', r"profile 2, port: 70000 is no port"),
        (HEAD + 'aet = "A"\nhost = "h"\nport = "104"', r"profile 2, port: '104' is no port"),
        (HEAD + 'aet = "SEVENTEEN LETTERS"\nhost = "h"', r"profile 2, aet: .* is no AE title"),
        (HEAD + 'aet = "A"', r"profile 2, host: a value is needed"),
        (HEAD + 'aet = "A"\nhost = 5', r"profile 2, host: a text is needed"),
        (HEAD + 'aet = "A"\nhost = "h"\nuse = "real"', r"profile 2, use: 'real' is none of"),
        (HEAD + 'aet = "A"\nhost = "h"\nzone = "Mars/Base"', r"profile 2, zone: 'Mars/Base' is no time zone"),
        (HEAD + 'aet = "A"\nhost = "h"\ndimse_timeout = 0', r"profile 2, dimse_timeout: seconds"),
        (HEAD + 'aet = "A"\nhost = "h"\nmax_pdu = true', r"profile 2, max_pdu: a whole number"),
        (HEAD + 'aet = "A"\nhost = "h"\ntransfer_syntaxes = ["jpeg"]', r"profile 2, transfer_syntaxes"),
        (HEAD.replace('id = "b"', 'id = "a"') + 'aet = "A"\nhost = "h"', r"id: 'a' is used by two"),
        ("version = 2\n", r"version: 2 is not known"),
        ("profile = 3\n", r"profile: each saved server"),
        ("version = \n", r"this is not TOML .*line 1"),
        ("a = " + "[" * 5000, "this is not TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place_and_kept(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "profiles.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=message) as caught:
        Settings.load(tmp_path)
    assert "profiles.toml" in str(caught.value) and caught.value.path == path
    assert path.read_text(encoding="utf-8") == text


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "desk.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="cannot be read"):
        Settings.load(tmp_path)


def test_the_desk_is_read_back(tmp_path: Path) -> None:
    settings = Settings.load(tmp_path)
    assert settings.desk == DeskSettings()
    desk = DeskSettings("CT 2", "FX1", PeerId("s-1"), Theme.DARK, search_limit=5_000)
    settings.save_desk(desk)
    assert settings.desk == desk
    assert Settings.load(tmp_path).desk == desk


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('theme = "pink"', r"desk\.toml, theme: 'pink'"),
        ("search_limit = -1", r"desk\.toml, search_limit: a whole number from 0"),
        ("search_limit = true", r"desk\.toml, search_limit: a whole number from 0"),
    ],
)
def test_what_the_desk_keeps_is_checked(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "desk.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        Settings.load(tmp_path)


def test_window_state_and_what_cannot_be_read(tmp_path: Path) -> None:
    assert load_window_state(tmp_path) == {}
    save_window_state(tmp_path, {"columns": ["state", "start"], "dark": True})
    assert load_window_state(tmp_path) == {"columns": ["state", "start"], "dark": True}
    (tmp_path / "window.json").write_text("{half", encoding="utf-8")
    assert load_window_state(tmp_path) == {}
    assert (tmp_path / "window.json.unreadable").read_text(encoding="utf-8") == "{half"
    (tmp_path / "window.json").write_text(json.dumps([1]), encoding="utf-8")
    assert load_window_state(tmp_path) == {}


def test_a_failed_write_leaves_the_old_text(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "new \ud800")
    assert path.read_text(encoding="utf-8") == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]


def test_somebody_elses_folder_keeps_its_rights(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    (shared / "their.txt").touch()
    prepare_folder(shared)
    assert mode_of(shared) == 0o755
    (shared / "desk.sqlite").touch()
    prepare_folder(shared)
    assert mode_of(shared) == 0o700


def test_one_window_per_folder(tmp_path: Path) -> None:
    prepare_folder(tmp_path)
    first, second = WindowLock(tmp_path), WindowLock(tmp_path)
    assert first.acquire() and first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()


def test_zones() -> None:
    assert str(zone_named("Europe/Prague")) == "Europe/Prague"
    assert zone_named("+0530") != zone_named("")
    with pytest.raises(ValueError, match="no time zone"):
        zone_named("../../etc/passwd")


def test_peer_ids_are_made_once() -> None:
    assert new_peer_id(lambda: "2.25.7") == "s-2.25.7"


def test_the_log_is_private_and_keeps_names_out(tmp_path: Path) -> None:
    logger = log.start_log(tmp_path)
    try:
        log.start_log(tmp_path)
        logger.info("answer for %s", "Novak^Jana")
        try:
            raise ValueError("patient Dvořák^Petr is odd")
        except ValueError:
            logging.getLogger("upsdesk.services").exception("task failed")
    finally:
        log.stop_log()
    path = tmp_path / "logs" / "upsdesk.log"
    text = path.read_text(encoding="utf-8")
    assert text.count("(name)") == 1
    assert "Novak" not in text and "Dvo" not in text and "Petr" not in text
    assert "[ValueError at" in text
    assert mode_of(path) == 0o600


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_a_full_disk_is_said_once_and_not_for_each_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "upsdesk.log").symlink_to("/dev/full")
    logger = log.start_log(tmp_path)
    try:
        for number in range(3):
            logger.info("line %d", number)
    finally:
        with contextlib.suppress(OSError):  # what it could not write is lost
            log.stop_log()
    said = capsys.readouterr().err
    assert said.count("cannot be written") == 1 and "Traceback" not in said
