"""Which peer the word PEER on the line means, and with which connection options."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from upsdesk.cli.exits import UsageError
from upsdesk.domain.peer import Peer, Timeouts, derived_peer_id, host_key, parse_address

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    from upsdesk.cli.console import Console
    from upsdesk.domain.keys import AeTitle


def peer_of(options: argparse.Namespace, console: Console, text: str | None = None) -> Peer:
    """The peer of the line (`text`, else `options.peer`) with the connection options that were given.

    Raises UsageError when the text names none, or when the profiles cannot be read.
    """
    from upsdesk.bootstrap.core import data_folder, saved_peers

    folder = data_folder(options.data_dir, console.environment)
    try:
        saved = saved_peers(folder)
        found = resolve(text if text is not None else options.peer, saved)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return with_options(found, options)


def resolve(text: str, saved: Iterable[Peer]) -> Peer:
    """A saved profile by its name or by its three parts, else the address itself; raise ValueError."""
    saved = tuple(saved)
    named = [peer for peer in saved if peer.name == text]
    named = named or [peer for peer in saved if peer.name.casefold() == text.casefold()]
    if len(named) > 1:
        raise ValueError(f"several saved servers are called {text!r}: write AET@host:port")
    if named:
        return named[0]
    aet, host, port = _address(text)
    for peer in saved:
        if (peer.called_aet, host_key(peer.host), peer.port) == (aet, host_key(host), port):
            return peer
    return Peer(derived_peer_id(aet, host, port), aet, host, port)


def _address(text: str) -> tuple[AeTitle, str, int]:
    try:
        return parse_address(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is neither a saved server nor AET@host:port: {error}") from None


def with_options(peer: Peer, options: argparse.Namespace) -> Peer:
    """`peer` with what the line says about the connection; the id, and so the vault, stays the profile's."""
    given = {
        name: value
        for name in Timeouts.__dataclass_fields__
        if (value := getattr(options, f"{name}_timeout", None)) is not None
    }
    changes: dict[str, object] = {"timeouts": replace(peer.timeouts, **given)} if given else {}
    if getattr(options, "aet", None):
        changes["calling_aet"] = options.aet
    if getattr(options, "transfer_syntax", None):
        changes["transfer_syntaxes"] = tuple(dict.fromkeys(options.transfer_syntax))
    if getattr(options, "max_pdu", None) is not None:
        changes["max_pdu"] = options.max_pdu
    return replace(peer, **changes) if changes else peer  # type: ignore[arg-type]


def zone_of(peer: Peer) -> tzinfo | None:
    """The zone of date-times that carry none, as the profile says; None: this computer's."""
    if not peer.zone:
        return None
    from upsdesk.services.settings import zone_named

    return zone_named(peer.zone)
