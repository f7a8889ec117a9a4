"""A server as it is typed: what is wrong with it, the peer that it makes, the text for its administrator."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from upsdesk.dicom.contexts import CLASS_UIDS, VERIFICATION_UID
from upsdesk.domain.keys import AeTitle, PeerId
from upsdesk.domain.peer import DEFAULT_CALLING_AET, LOOPBACK, Peer, PeerUse, parse_port

_AE_LENGTH = 16


@dataclass(frozen=True, slots=True)
class ServerDraft:
    """The fields of the form, as typed."""

    name: str = ""
    use: PeerUse = PeerUse.CLINICAL
    called_aet: str = ""
    host: str = ""
    port: str = "104"
    calling_aet: str = str(DEFAULT_CALLING_AET)
    listen_host: str = LOOPBACK
    listen_port: str = "11113"

    def problems(self, taken_names: frozenset[str] = frozenset()) -> dict[str, str]:
        """What is wrong, by the name of the field; empty when a peer can be made.

        `taken_names` are the names of the other servers, case folded.
        """
        found = {
            "name": _name_problem(self.name, taken_names),
            "called_aet": _aet_problem(self.called_aet),
            "host": _host_problem(self.host, "Write a host name or an IP address"),
            "port": _port_problem(self.port, allow_any=False),
            "calling_aet": _aet_problem(self.calling_aet),
            "listen_host": _host_problem(
                self.listen_host, "Write 127.0.0.1, 0.0.0.0 or an address of this computer"
            ),
            "listen_port": _port_problem(self.listen_port, allow_any=False)
            if self.listen_port.strip()
            else "",
        }
        return {field: problem for field, problem in found.items() if problem}

    def remarks(self) -> dict[str, str]:
        """What should be known about right values, by the name of the field."""
        found: dict[str, str] = {}
        if not self.listen_port.strip():
            found["listen_port"] = "Empty: no updates are received, the list is only polled."
        if self.is_elsewhere and self.listen_host.strip() in ("localhost", LOOPBACK, "::1"):
            found["listen_host"] = "Only this computer can reach it. Take 0.0.0.0 for a server elsewhere."
        if self.is_elsewhere and self.calling_aet.strip() == str(DEFAULT_CALLING_AET):
            found["calling_aet"] = "Two desks must not share one title. Take one of your own."
        return found

    @property
    def is_elsewhere(self) -> bool:
        """Whether the server is on another computer."""
        host = self.host.strip().lower()
        return bool(host) and host not in ("localhost", "::1") and not host.startswith("127.")

    def peer(self, peer_id: PeerId, base: Peer | None = None) -> Peer:
        """The peer of these fields; raises ValueError while there are problems. `base` gives the rest."""
        problems = self.problems()
        problems.pop("name", None)
        if problems:
            raise ValueError("; ".join(problems.values()))
        listen = self.listen_port.strip()
        made = base or Peer(peer_id, AeTitle.parse(self.called_aet), self.host.strip())
        return replace(
            made,
            id=peer_id,
            called_aet=AeTitle.parse(self.called_aet),
            host=self.host.strip(),
            port=parse_port(self.port.strip(), allow_any=False),
            calling_aet=AeTitle.parse(self.calling_aet),
            name=self.name.strip(),
            use=self.use,
            listen_host=self.listen_host.strip(),
            listen_port=parse_port(listen, allow_any=False) if listen else None,
        )

    @classmethod
    def of(cls, peer: Peer) -> ServerDraft:
        """The fields of a saved server."""
        return cls(
            name=peer.name,
            use=peer.use,
            called_aet=str(peer.called_aet),
            host=peer.host,
            port=str(peer.port),
            calling_aet=str(peer.calling_aet),
            listen_host=peer.listen_host,
            listen_port="" if peer.listen_port is None else str(peer.listen_port),
        )


def own_title(host_name: str) -> str:
    """The title proposed for this computer: `UPSD_<HOST>`, 16 characters at most (PS3.5 6.2)."""
    plain = re.sub(r"[^A-Z0-9_]", "_", host_name.partition(".")[0].upper()).strip("_")
    return f"UPSD_{plain}"[:_AE_LENGTH] if plain else str(DEFAULT_CALLING_AET)


def administrator_text(draft: ServerDraft, own_address: str) -> str:
    """What the server's administrator must know, ready to be sent. `own_address` is this computer's."""
    listen_host = draft.listen_host.strip()
    everywhere = listen_host in ("0.0.0.0", "::", "")
    address = own_address if everywhere else listen_host
    server = draft.name.strip() or draft.called_aet.strip() or "your UPS server"
    called, host = draft.called_aet.strip() or "AE title?", draft.host.strip() or "host?"
    lines = [
        f"Please let UPS Desk work with {server}",
        f"({called} at {host} port {draft.port.strip()}).",
        "",
        f"AE title of UPS Desk: {draft.calling_aet.strip()}",
        f"Address:              {address}",
        f"Port:                 {draft.listen_port.strip() or 'none: it receives no updates'}",
        "",
        "It uses these SOP Classes as an SCU:",
        *(f"  {uid:<28}Unified Procedure Step - {one.value}" for one, uid in CLASS_UIDS.items()),
        f"  {VERIFICATION_UID:<28}Verification",
        "",
        f"Please add {draft.calling_aet.strip()} as receiver of UPS Event",
        "(N-EVENT-REPORT) at the address and port above.",
    ]
    return "\n".join(lines) + "\n"


def _name_problem(name: str, taken: frozenset[str]) -> str:
    if not name.strip():
        return "Give the server a name"
    return "Another server has this name" if name.strip().casefold() in taken else ""


def _aet_problem(text: str) -> str:
    if not text.strip():
        return "An AE title is needed"
    try:
        AeTitle.parse(text)
    except ValueError:
        if len(text.strip()) > _AE_LENGTH:
            return f"At most {_AE_LENGTH} characters; this has {len(text.strip())}"
        return "Plain letters, digits and signs only, no backslash"
    return ""


def _host_problem(text: str, advice: str) -> str:
    host = text.strip()
    if not host:
        return advice
    return "Without spaces, slashes or a port" if re.search(r"[\s/@]", host) else ""


def _port_problem(text: str, *, allow_any: bool) -> str:
    try:
        parse_port(text.strip(), allow_any=allow_any)
    except ValueError:
        return "A number from 1 to 65535"
    return ""
