"""Identifiers as types of their own: peers, workitems, AE titles and UIDs."""

from __future__ import annotations

import re
from typing import NamedTuple

# PS3.5 9.1: digits and periods, at most 64 characters, no leading zero in a component.
_UID = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+")
_UID_LENGTH = 64
# PS3.5 6.2 (AE): at most 16 characters of the default repertoire, no backslash, no control characters.
_AE_TITLE = re.compile(r"[\x20-\x5b\x5d-\x7e]{1,16}")


class PeerId(str):
    """Names one configured remote AE for good; survives a rename of its profile."""

    __slots__ = ()


class SopInstanceUid(str):
    """The SOP Instance UID of a workitem, as the peer wrote it without padding."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> SopInstanceUid:
        """Return the UID in `text`; raise ValueError when it is not one (PS3.5 9.1)."""
        return cls(_checked_uid(text))


class TransactionUid(str):
    """The lock of a claimed workitem; never shown, so its repr does not show it either."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> TransactionUid:
        """Return the UID in `text`; raise ValueError when it is not one (PS3.5 9.1)."""
        return cls(_checked_uid(text))

    def __repr__(self) -> str:
        return "TransactionUid(hidden)"


class AeTitle(str):
    """An application entity title without its insignificant spaces."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> AeTitle:
        """Return the title in `text`; raise ValueError when DICOM does not allow it (PS3.5 6.2)."""
        title = text.strip(" ")
        if not title or not _AE_TITLE.fullmatch(title):
            raise ValueError(
                f"{text!r} is no AE title: 1 to 16 characters of plain ASCII are needed, without a backslash"
            )
        return cls(title)


class WorkitemKey(NamedTuple):
    """What everything is keyed by: the same UID at two peers is two workitems."""

    peer: PeerId
    uid: SopInstanceUid


def _checked_uid(text: str) -> str:
    uid = text.strip(" \0")
    if len(uid) > _UID_LENGTH or not _UID.fullmatch(uid):
        raise ValueError(
            f"{text!r} is no UID: digits and periods are needed, at most {_UID_LENGTH} characters"
        )
    return uid
