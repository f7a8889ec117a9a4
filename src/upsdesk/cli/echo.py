"""`upsdesk echo`: C-ECHO, and what the association negotiated."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from upsdesk.cli import options as shared
from upsdesk.cli.exchange import association
from upsdesk.cli.peers import peer_of
from upsdesk.cli.replies import Reply, printable, sentence
from upsdesk.dicom.contexts import transfer_syntax_name
from upsdesk.domain.errors import NoAnswer

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser
    from upsdesk.dicom.scu import EchoAnswer, Negotiated
    from upsdesk.domain.peer import Peer, UpsClass

_SYNTAXES = {
    "implicit": "Implicit VR Little Endian",
    "explicit": "Explicit VR Little Endian",
    "big": "Explicit VR Big Endian",
    "deflated": "Deflated Explicit VR Little Endian",
}


def configure(parser: Parser) -> None:
    shared.add_peer(parser)
    shared.add_plain_format(parser)
    shared.add_connection(parser)
    shared.add_common(parser)


def run(options: argparse.Namespace, console: Console) -> int:
    peer = peer_of(options, console)
    reply = Reply(console, peer, None, options.format == "json")
    with association(console, peer) as scu:
        try:
            answer = scu.echo()
        except NoAnswer as error:
            return reply.unanswered(error)
        text = "\n".join(_lines(peer, answer))
        return reply.answered(answer, text, more={"negotiated": _object(answer.negotiated)})


def _lines(peer: Peer, answer: EchoAnswer) -> list[str]:
    negotiated = answer.negotiated
    lines = [f"{peer.address} answered {sentence(answer.outcome)} after {answer.elapsed_ms:.0f} ms"]
    for ups_class, uid in negotiated.contexts.items():
        scu, scp = negotiated.roles.get(ups_class, (True, False))
        roles = " and ".join(role for role, on in (("SCU", scu), ("SCP", scp)) if on) or "no role"
        lines.append(f"  {_name(ups_class):<13} accepted, {_syntax(uid)}, we are {roles}")
    lines += [f"  {_name(ups_class):<13} refused: {why}" for ups_class, why in negotiated.refused.items()]
    lines.append(f"  max PDU       {negotiated.max_pdu or 'no limit'}")
    implementation = f"{negotiated.implementation_uid} {negotiated.implementation_version}".strip()
    lines.append(f"  software      {printable(implementation) or 'not told'}")
    lines.append("  TLS           no")
    return lines


def _object(negotiated: Negotiated) -> dict[str, object]:
    return {
        "contexts": {_name(one): uid for one, uid in negotiated.contexts.items()},
        "roles": {_name(one): {"scu": scu, "scp": scp} for one, (scu, scp) in negotiated.roles.items()},
        "refused": {_name(one): why for one, why in negotiated.refused.items()},
        "max_pdu": negotiated.max_pdu,
        "implementation_uid": negotiated.implementation_uid,
        "implementation_version": negotiated.implementation_version,
        "tls": False,
    }


def _syntax(uid: str) -> str:
    name = transfer_syntax_name(uid)
    return _SYNTAXES.get(name, name)


def _name(ups_class: UpsClass | None) -> str:
    return ups_class.value if ups_class else "Verification"
