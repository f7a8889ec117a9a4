"""What the user configured: saved servers, the desk's name and station, and where these files are."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from upsdesk.domain.keys import AeTitle, PeerId
from upsdesk.domain.operators import Operator
from upsdesk.domain.peer import Peer, host_key
from upsdesk.services.callbacks import Callbacks
from upsdesk.services.files import (
    WindowLock,
    load_window_state,
    prepare_folder,
    save_window_state,
    write_atomically,
)
from upsdesk.services.profile_fields import Reader, SettingsError, entry_of, without_known, zone_named

__all__ = [
    "DEFAULT_REFRESH",
    "DESK",
    "PROFILES",
    "DeskSettings",
    "Profiles",
    "Settings",
    "SettingsError",
    "Theme",
    "WindowLock",
    "load_window_state",
    "new_peer_id",
    "prepare_folder",
    "save_window_state",
    "zone_named",
]

PROFILES = "profiles.toml"
DESK = "desk.toml"
_VERSION = 1
DEFAULT_REFRESH, LEAST_REFRESH, MOST_REFRESH = 60.0, 5.0, 3600.0
"""Seconds between two readings of the worklist by itself."""
MOST_ROWS = 1_000_000
"""The highest limit of a search."""


class Theme(Enum):
    """Which of the two palettes the window takes."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """This installation: not a person."""

    name: str = ""
    station: str = ""
    """The station code that this desk works at, as the peers write it."""
    last_peer: PeerId | None = None
    theme: Theme = Theme.SYSTEM
    refresh_seconds: float = DEFAULT_REFRESH
    """Between two readings of the worklist by itself."""
    search_limit: int | None = None
    """A search that names no limit of its own is ended after so many rows; None: it is not."""
    operators: tuple[Operator, ...] = ()
    """Persons who work at this desk, each name once."""
    operator: str = ""
    """The name of the one who was chosen last; empty: nobody."""
    names_hidden: bool = False
    """Patients' data is masked on the screen and in what leaves the window."""


class Settings:
    """The files of one data folder. Nothing is written before the user saves something."""

    def __init__(
        self, folder: Path, profiles: Profiles, desk: DeskSettings, raw_desk: dict[str, Any]
    ) -> None:
        self.folder = folder
        self.profiles = profiles
        self._desk = desk
        self._raw_desk = raw_desk

    @classmethod
    def load(cls, folder: Path) -> Settings:
        """Read what is there; a missing file means defaults. Raise SettingsError for one that is wrong."""
        prepare_folder(folder)
        path = folder / DESK
        raw = _read(path)
        return cls(folder, Profiles(folder / PROFILES), _desk_settings(path, raw), raw)

    @property
    def desk(self) -> DeskSettings:
        return self._desk

    def save_desk(self, desk: DeskSettings) -> None:
        """Write desk.toml; keys that this version does not know stay."""
        given = {
            "version": _VERSION,
            "name": desk.name,
            "station": desk.station,
            "theme": desk.theme.value,
            "refresh_seconds": desk.refresh_seconds,
            "search_limit": desk.search_limit or 0,
            "last_peer": desk.last_peer or "",
            "operator": desk.operator,
            "names_hidden": desk.names_hidden,
            "operators": [_operator_entry(one) for one in desk.operators],
        }
        self._raw_desk = {**self._raw_desk, **given}
        _write(self.folder / DESK, self._raw_desk)
        self._desk = desk


class Profiles:
    """The saved servers, in the user's order."""

    def __init__(self, path: Path) -> None:
        """Read the file; raise SettingsError naming the profile and the field that is wrong."""
        self._path = path
        self._raw = _read(path)
        entries = self._raw.get("profile", [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise SettingsError(path, "profile", "each saved server begins with [[profile]]")
        self._entries: list[dict[str, Any]] = [dict(entry) for entry in entries]
        self._peers = [
            Reader(path, f"profile {number}", entry).peer() for number, entry in enumerate(self._entries, 1)
        ]
        for what, values in (
            ("id", [str(peer.id) for peer in self._peers]),
            ("name", [peer.name.casefold() for peer in self._peers if peer.name]),
        ):
            twice = next((value for value in values if values.count(value) > 1), None)
            if twice is not None:
                raise SettingsError(path, what, f"{twice!r} is used by two profiles")
        self._callbacks: Callbacks[[]] = Callbacks()

    @property
    def peers(self) -> tuple[Peer, ...]:
        return tuple(self._peers)

    def by_id(self, peer_id: PeerId) -> Peer | None:
        return next((peer for peer in self._peers if peer.id == peer_id), None)

    def at(self, called_aet: AeTitle, host: str, port: int) -> Peer | None:
        """The profile with these three, whatever its name."""
        return next(
            (
                peer
                for peer in self._peers
                if (peer.called_aet, host_key(peer.host), peer.port) == (called_aet, host_key(host), port)
            ),
            None,
        )

    def save(self, peer: Peer) -> None:
        """Add a profile, or replace the one with its id; raise ValueError when its name is taken."""
        taken = (other.name.casefold() for other in self._peers if other.id != peer.id)
        if peer.name and peer.name.casefold() in taken:
            raise ValueError(f"Another saved server is called {peer.name!r}: choose another name.")
        position = next((at for at, known in enumerate(self._peers) if known.id == peer.id), None)
        peers, entries = list(self._peers), list(self._entries)
        if position is None:
            peers.append(peer)
            entries.append(entry_of(peer))
        else:
            peers[position] = peer
            entries[position] = {**without_known(entries[position]), **entry_of(peer)}
        self._store(peers, entries)

    def remove(self, peer_id: PeerId) -> None:
        """Forget a profile. What the vault keeps for its address stays usable."""
        kept = [
            (peer, entry)
            for peer, entry in zip(self._peers, self._entries, strict=True)
            if peer.id != peer_id
        ]
        self._store([peer for peer, _ in kept], [entry for _, entry in kept])

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Hear of every saved change; the result ends that."""
        return self._callbacks.add(callback)

    def _store(self, peers: list[Peer], entries: list[dict[str, Any]]) -> None:
        raw = {**self._raw, "version": _VERSION, "profile": entries}
        _write(self._path, raw)
        self._raw, self._peers, self._entries = raw, peers, entries
        self._callbacks.tell()


def new_peer_id(make_uid: Callable[[], str]) -> PeerId:
    """An id for a profile that is saved the first time; it stays when everything else changes."""
    return PeerId(f"s-{make_uid()}")


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(path, "", f"the file cannot be read ({error})") from error
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(path, "", f"this is not TOML ({error})") from error
    version = raw.get("version", _VERSION)
    if version != _VERSION:
        raise SettingsError(
            path, "version", f"{version!r} is not known to this UPS Desk, which writes {_VERSION}"
        )
    return raw


def _write(path: Path, raw: Mapping[str, Any]) -> None:
    import tomli_w

    write_atomically(path, tomli_w.dumps(raw))


def _desk_settings(path: Path, raw: Mapping[str, Any]) -> DeskSettings:
    reader = Reader(path, "", raw)
    last = reader.text("last_peer")
    theme = reader.text("theme", Theme.SYSTEM.value)
    if theme not in [choice.value for choice in Theme]:
        raise reader.error("theme", f"{theme!r} is none of system, light and dark")
    operators = _operators(path, raw)
    return DeskSettings(
        reader.text("name"),
        reader.text("station"),
        PeerId(last) if last else None,
        Theme(theme),
        reader.seconds("refresh_seconds", DEFAULT_REFRESH, LEAST_REFRESH, MOST_REFRESH),
        reader.count("search_limit", MOST_ROWS) or None,
        operators,
        reader.text("operator"),
        reader.flag("names_hidden"),
    )


def _operators(path: Path, raw: Mapping[str, Any]) -> tuple[Operator, ...]:
    entries = raw.get("operators", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SettingsError(path, "operators", "each operator begins with [[operators]]")
    found: list[Operator] = []
    for number, entry in enumerate(entries, 1):
        reader = Reader(path, f"operator {number}", entry)
        name, code = reader.text("name"), reader.text("code")
        if not name.strip("^ ") or any(one.name == name for one in found):
            raise reader.error("name", "a name is needed, each one once")
        from upsdesk.domain.codes import Code

        try:
            found.append(Operator(name, Code.parse(code) if code else None))
        except ValueError as error:
            raise reader.error("code", str(error)) from error
    return tuple(found)


def _operator_entry(operator: Operator) -> dict[str, str]:
    return {"name": operator.name} | ({"code": str(operator.code)} if operator.code is not None else {})
