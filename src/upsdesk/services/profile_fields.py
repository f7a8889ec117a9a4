"""How a saved server stands in its file: which fields there are, and what is wrong with one that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

from upsdesk.domain.keys import AeTitle, PeerId
from upsdesk.domain.peer import DEFAULT_CALLING_AET, DEFAULT_MAX_PDU, LOOPBACK, Peer, PeerUse, Timeouts

_TRANSFER_SYNTAXES = ("implicit", "explicit", "big", "deflated")
_TIMEOUTS = {
    "connect_timeout": "connect",
    "acse_timeout": "acse",
    "dimse_timeout": "dimse",
    "network_timeout": "network",
    "release_timeout": "release",
}


class SettingsError(ValueError):
    """A file of settings cannot be used. The message is one sentence that names file and place."""

    def __init__(self, path: Path, where: str, problem: str) -> None:
        place = f", {where}" if where else ""
        super().__init__(f"{path}{place}: {problem}.")
        self.path = path
        self.where = where


def zone_named(text: str) -> tzinfo:
    """An IANA name or an offset such as +0100; raise ValueError when it is neither."""
    if not text:
        return UTC
    import zoneinfo

    from upsdesk.domain.when import parse_offset

    if text[:1] in "+-" or text in ("", "UTC"):
        return parse_offset(text) if text[:1] in ("+", "-") else UTC
    try:
        return zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{text!r} is no time zone: write a name such as Europe/Prague, or +0100") from None


class Reader:
    """Takes typed values out of one table, and says where a wrong one stands."""

    def __init__(self, path: Path, where: str, entry: Mapping[str, Any]) -> None:
        self._path = path
        self._where = where
        self._entry = entry

    def error(self, field: str, problem: str) -> SettingsError:
        return SettingsError(self._path, f"{self._where}, {field}" if self._where else field, problem)

    def text(self, field: str, default: str = "") -> str:
        value = self._entry.get(field, default)
        if not isinstance(value, str):
            raise self.error(field, f"a text is needed, not {value!r}")
        return value

    def seconds(self, field: str, default: float, least: float = 0.0, most: float = 3600.0) -> float:
        value = self._entry.get(field, default)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not least <= value <= most or not value > 0:
            raise self.error(field, f"seconds between {least:g} and {most:g} are needed, not {value!r}")
        return float(value)

    def count(self, field: str, most: int) -> int:
        """A whole number; 0 where nothing is written."""
        value = self._entry.get(field, 0)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise self.error(field, f"a whole number from 0 to {most} is needed, not {value!r}")
        return value

    def flag(self, field: str) -> bool:
        """True or false; false where nothing is written."""
        value = self._entry.get(field, False)
        if not isinstance(value, bool):
            raise self.error(field, f"true or false is needed, not {value!r}")
        return value

    def peer(self) -> Peer:
        """The profile; raise SettingsError."""
        peer_id, host = self.text("id"), self.text("host")
        for field, value in (("id", peer_id), ("host", host)):
            if not value.strip():
                raise self.error(field, "a value is needed")
        listen_port = self._port("listen_port", None, lowest=0)
        return Peer(
            id=PeerId(peer_id),
            called_aet=self._ae_title("aet", None),
            host=host.strip(),
            port=self._port("port", 104) or 104,
            calling_aet=self._ae_title("own_aet", DEFAULT_CALLING_AET),
            name=self.text("name"),
            use=self._use(),
            listen_host=self.text("listen_host", LOOPBACK) or LOOPBACK,
            listen_port=listen_port,
            zone=self._zone(),
            timeouts=self._timeouts(),
            transfer_syntaxes=self._transfer_syntaxes(),
            max_pdu=self._whole("max_pdu", DEFAULT_MAX_PDU),
        )

    def _ae_title(self, field: str, default: AeTitle | None) -> AeTitle:
        text = self.text(field)
        if not text and default is not None:
            return default
        try:
            return AeTitle.parse(text)
        except ValueError as error:
            raise self.error(field, str(error)) from None

    def _whole(self, field: str, default: int) -> int:
        value = self._entry.get(field, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.error(field, f"a whole number is needed, not {value!r}")
        return value

    def _port(self, field: str, default: int | None, lowest: int = 1) -> int | None:
        value = self._entry.get(field, default)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= 65535:
            raise self.error(field, f"{value!r} is no port: a number from {lowest} to 65535 is needed")
        return value

    def _use(self) -> PeerUse:
        text = self.text("use", PeerUse.CLINICAL.value)
        try:
            return PeerUse(text)
        except ValueError:
            raise self.error("use", f"{text!r} is none of clinical, test and demo") from None

    def _zone(self) -> str:
        text = self.text("zone")
        try:
            zone_named(text)
        except ValueError as error:
            raise self.error("zone", str(error)) from None
        return text

    def _timeouts(self) -> Timeouts:
        found: dict[str, float] = {}
        for field, name in _TIMEOUTS.items():
            if field not in self._entry:
                continue
            found[name] = self.seconds(field, 0.0)
        return replace(Timeouts(), **found)

    def _transfer_syntaxes(self) -> tuple[str, ...]:
        value = self._entry.get("transfer_syntaxes", [])
        if not isinstance(value, list) or not all(name in _TRANSFER_SYNTAXES for name in value):
            raise self.error("transfer_syntaxes", f"a list of {', '.join(_TRANSFER_SYNTAXES)} is needed")
        return tuple(value)


def entry_of(peer: Peer) -> dict[str, Any]:
    """What stands in the file for a server."""
    entry: dict[str, Any] = {
        "id": str(peer.id),
        "name": peer.name,
        "use": peer.use.value,
        "aet": str(peer.called_aet),
        "host": peer.host,
        "port": peer.port,
        "own_aet": str(peer.calling_aet),
        "listen_host": peer.listen_host,
    }
    if peer.listen_port is not None:
        entry["listen_port"] = peer.listen_port
    if peer.zone:
        entry["zone"] = peer.zone
    standard = Timeouts()
    for field, name in _TIMEOUTS.items():
        seconds = getattr(peer.timeouts, name)
        if seconds != getattr(standard, name):
            entry[field] = seconds
    if peer.transfer_syntaxes:
        entry["transfer_syntaxes"] = list(peer.transfer_syntaxes)
    if peer.max_pdu != DEFAULT_MAX_PDU:
        entry["max_pdu"] = peer.max_pdu
    return entry


_KNOWN_FIELDS = frozenset(
    {"id", "name", "use", "aet", "host", "port", "own_aet", "listen_host", "listen_port", "zone"}
    | {"transfer_syntaxes", "max_pdu"}
    | set(_TIMEOUTS)
)


def without_known(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What another version has written there."""
    return {field: value for field, value in entry.items() if field not in _KNOWN_FIELDS}
