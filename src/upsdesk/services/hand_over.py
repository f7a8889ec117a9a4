"""Handing held workitems over to another desk: a file that only a passphrase opens, and what it holds."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from upsdesk.domain.keys import AeTitle, PeerId, SopInstanceUid, TransactionUid, WorkitemKey
from upsdesk.domain.workitem import PatientFacts
from upsdesk.services.records import ClaimStatus, VaultEntry

SUFFIX = ".upsdesk"
LEAST_PASSPHRASE = 8
"""Characters."""
LARGEST = 1_000_000
"""Bytes; a file that is larger is none of these."""
_FORMAT = "UPS Desk hand-over"
_VERSION = 1
_COST, _BLOCK, _LANES = 1 << 16, 8, 1
"""Of scrypt (RFC 7914): 64 MiB and some tenths of a second for each guess."""
_MOST_COST = 1 << 18
_SALT, _NONCE, _KEY = 16, 12, 32
"""Bytes; AES-256 in Galois/Counter Mode (NIST SP 800-38D)."""


class HandOverError(Exception):
    """The file cannot be made or used. The message is one sentence with the next step."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """What one desk gives to another."""

    made_at: datetime
    desk: str
    operator: str
    entries: tuple[VaultEntry, ...]
    is_demo: bool = False


def check_passphrase(passphrase: str) -> None:
    """Raise HandOverError when it is too short."""
    if len(passphrase) < LEAST_PASSPHRASE:
        raise HandOverError(f"A passphrase has at least {LEAST_PASSPHRASE} characters: write a longer one.")


def sealed(
    hand_over: HandOver, passphrase: str, *, random: Callable[[int], bytes] = secrets.token_bytes
) -> bytes:
    """The file: what it is in plain words, everything else encrypted and authenticated.

    Raise HandOverError for a passphrase that is too short.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    check_passphrase(passphrase)
    salt, nonce = random(_SALT), random(_NONCE)
    head = {
        "format": _FORMAT,
        "version": _VERSION,
        "is_demo": hand_over.is_demo,
        "key": {"name": "scrypt", "n": _COST, "r": _BLOCK, "p": _LANES, "salt": _text(salt)},
        "cipher": {"name": "AES-256-GCM", "nonce": _text(nonce)},
    }
    plain = json.dumps(_written(hand_over), ensure_ascii=False).encode()
    data = AESGCM(_key(passphrase, salt, _COST)).encrypt(nonce, plain, _bound(head))
    return json.dumps(head | {"data": _text(data)}, indent=1).encode()


def opened(content: bytes, passphrase: str) -> HandOver:
    """What the file holds; raise HandOverError."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    head = _head(content)
    try:
        salt, nonce = _bytes(head["key"]["salt"]), _bytes(head["cipher"]["nonce"])
        cost = head["key"]["n"]
        names = head["key"]["name"], head["cipher"]["name"], head["key"]["r"], head["key"]["p"]
        data = _bytes(head.pop("data"))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged() from error
    known = names == ("scrypt", "AES-256-GCM", _BLOCK, _LANES) and len(salt) == _SALT and len(nonce) == _NONCE
    if not known or not isinstance(cost, int) or not _COST <= cost <= _MOST_COST or cost & (cost - 1):
        raise _damaged()
    try:
        plain = AESGCM(_key(passphrase, salt, cost)).decrypt(nonce, data, _bound(head))
    except InvalidTag as error:
        raise HandOverError(
            "The passphrase is not the one of this file, or the file was changed: write it again."
        ) from error
    try:
        return _read(json.loads(plain), is_demo=bool(head["is_demo"]))
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged() from error


def _head(content: bytes) -> dict[str, Any]:
    try:
        head = json.loads(content) if len(content) <= LARGEST else None
    except ValueError:
        head = None
    if not isinstance(head, dict) or head.get("format") != _FORMAT:
        raise HandOverError(f"This is no hand-over of UPS Desk: choose a file that ends in {SUFFIX}.")
    if head.get("version") != _VERSION:
        raise HandOverError("This file was written by a newer UPS Desk: use that one to read it.")
    return head


def _damaged() -> HandOverError:
    return HandOverError("This file is damaged: let it be handed over again.")


def _key(passphrase: str, salt: bytes, cost: int) -> bytes:
    # The same letters typed at another computer may be composed in another way.
    import unicodedata

    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    typed = unicodedata.normalize("NFC", passphrase).encode()
    return Scrypt(salt=salt, length=_KEY, n=cost, r=_BLOCK, p=_LANES).derive(typed)


def _bound(head: dict[str, Any]) -> bytes:
    """The plain part, which is authenticated with the rest."""
    return json.dumps(head, sort_keys=True, separators=(",", ":")).encode()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error


def _written(hand_over: HandOver) -> dict[str, Any]:
    return {
        "made_at": hand_over.made_at.isoformat(),
        "desk": hand_over.desk,
        "operator": hand_over.operator,
        "workitems": [
            {
                "sop_instance_uid": entry.key.uid,
                "transaction_uid": str(entry.transaction_uid),
                "called_aet": entry.called_aet,
                "host": entry.host,
                "port": entry.port,
                "calling_aet": entry.calling_aet,
                "patient": {
                    "name": entry.patient.name,
                    "id": entry.patient.patient_id,
                    "birth_date": entry.patient.birth_date,
                    "sex": entry.patient.sex,
                    "issuer": entry.patient.issuer,
                },
                "label": entry.label,
                "station": entry.station,
                "claimed_at": entry.claimed_at.isoformat(),
                "operator": entry.operator,
            }
            for entry in hand_over.entries
        ],
    }


def _read(raw: dict[str, Any], *, is_demo: bool) -> HandOver:
    return HandOver(
        datetime.fromisoformat(raw["made_at"]),
        str(raw["desk"]),
        str(raw["operator"]),
        tuple(_entry(one) for one in raw["workitems"]),
        is_demo,
    )


def _entry(raw: dict[str, Any]) -> VaultEntry:
    patient = raw["patient"]
    return VaultEntry(
        # Under which id this desk knows the peer is found out when the entry is taken over.
        key=WorkitemKey(PeerId(""), SopInstanceUid(raw["sop_instance_uid"])),
        called_aet=AeTitle(raw["called_aet"]),
        host=str(raw["host"]),
        port=int(raw["port"]),
        calling_aet=AeTitle(raw["calling_aet"]),
        transaction_uid=TransactionUid(raw["transaction_uid"]),
        patient=PatientFacts(
            patient["name"], patient["id"], patient["birth_date"], patient["sex"], patient["issuer"]
        ),
        label=str(raw["label"]),
        station=str(raw["station"]),
        claimed_at=datetime.fromisoformat(raw["claimed_at"]),
        operator=str(raw["operator"]),
        status=ClaimStatus.HANDED_OVER,
    )
