"""What goes into a support file: versions, settings, log, messages; no patients, no locks, no secrets."""

from __future__ import annotations

import io
import re
import tomllib
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from upsdesk.domain.workitem import PatientFacts
from upsdesk.services.records import JournalEntry
from upsdesk.services.settings import DESK, PROFILES

MESSAGES = 500
_LOG_FOLDER = "logs"
_SECRET = re.compile(r"pass|secret|token|credential|private|pin$|^operators?$", re.IGNORECASE)
"""What is not given away: keys to something, and the names of those who work at the desk."""
_HIDDEN = "(hidden)"
_LEAST = 3
"""Shorter texts would take pieces out of every word."""
_MOST_HIDDEN = 20_000


@dataclass(frozen=True, slots=True)
class Support:
    """What a support file is made of; the folder is read when it is made."""

    folder: Path
    versions: tuple[tuple[str, str], ...]
    messages: tuple[str, ...]
    """Lines of the wire log, oldest first."""
    journal: tuple[JournalEntry, ...]
    patients: frozenset[PatientFacts]
    """Everybody who is known here: should a name or an ID have slipped into a text, it is taken out."""
    locks: frozenset[str]
    """Transaction UIDs of the vault, for the same reason."""


def support_file(support: Support) -> bytes:
    """The content of a ZIP archive; reads the log, so call it in a thread."""
    hide = _Hider(support)
    files = {
        "versions.txt": "".join(f"{name}: {value}\n" for name, value in support.versions),
        "messages.txt": "".join(f"{line}\n" for line in support.messages[-MESSAGES:]),
        "journal.txt": "".join(f"{_journal_line(entry)}\n" for entry in support.journal),
        PROFILES: _settings(support.folder / PROFILES),
        DESK: _settings(support.folder / DESK),
    }
    for path in sorted((support.folder / _LOG_FOLDER).glob("upsdesk.log*")):
        files[f"logs/{path.name}"] = _read(path)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            # Without a date of now: nothing but the content tells when it was made.
            archive.writestr(zipfile.ZipInfo(name), hide(text), zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _journal_line(entry: JournalEntry) -> str:
    uid = entry.key.uid if entry.key else ""
    parts = (f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.peer, entry.kind.value, entry.act, entry.status, uid)
    return " | ".join(part for part in (*parts, entry.words) if part)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return f"cannot be read: {error.strerror}\n"


def _settings(path: Path) -> str:
    """The file without its secrets; one that is no TOML is only said to be none."""
    text = _read(path) if path.exists() else ""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return f"is not TOML: {error}\n"
    import tomli_w

    return tomli_w.dumps(_without_secrets(raw))


def _without_secrets(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _HIDDEN if _SECRET.search(name) else _plain(value) for name, value in raw.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _without_secrets(value)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value


class _Hider:
    """Takes names, IDs and Transaction UIDs out of a text."""

    def __init__(self, support: Support) -> None:
        found = {text for facts in support.patients for text in _said_of(facts)} | support.locks
        texts = sorted((text for text in found if len(text) >= _LEAST), key=len, reverse=True)
        self._texts = texts[:_MOST_HIDDEN]

    def __call__(self, text: str) -> str:
        for one in self._texts:
            if one in text:
                text = text.replace(one, _HIDDEN)
        return text


def _said_of(facts: PatientFacts) -> Iterable[str]:
    yield facts.name
    yield from facts.name.split("=")
    yield facts.display_name
    yield facts.patient_id
