"""An SCP of plain pynetdicom that knows nothing of our code: it records requests, a test scripts answers."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.transport import ThreadedAssociationServer

from upsdesk.dicom import guards

guards.configure()  # a stock pynetdicom leaves sockets open whose peer was quicker to close

VERIFICATION = "1.2.840.10008.1.1"
PUSH = "1.2.840.10008.5.1.4.34.6.1"
WATCH = "1.2.840.10008.5.1.4.34.6.2"
PULL = "1.2.840.10008.5.1.4.34.6.3"
EVENT = "1.2.840.10008.5.1.4.34.6.4"
QUERY = "1.2.840.10008.5.1.4.34.6.5"
IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"

Answer = tuple[int | Dataset, Dataset | None]
Handler = Callable[[evt.Event], Any]


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    service: str
    context: str
    """UID of the presentation context's abstract syntax."""
    class_uid: str
    """What the message itself names as Affected or Requested SOP Class."""
    instance_uid: str
    message_id: int
    data: Dataset | None = None
    action_type: int | None = None
    tags: tuple[int, ...] | None = None


@dataclass
class PlainScp:
    """Listens on a free loopback port while its `with` block runs."""

    classes: Iterable[str] = (VERIFICATION, PUSH, PULL, WATCH, QUERY)
    syntaxes: Iterable[str] = (IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED)
    answers: Mapping[str, Handler] = field(default_factory=dict)
    """By service name such as `N-SET`: gets pynetdicom's event, returns (status, data set or None);
    `C-FIND` yields such pairs. Default: 0000 and no data set."""
    aet: str = "PLAIN"
    received: list[Received] = field(default_factory=list)
    associations: list[Any] = field(default_factory=list)
    """Every association that was ever established, in order."""
    port: int = 0

    def __enter__(self) -> "PlainScp":
        entity = AE(self.aet)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 5
        for uid in self.classes:
            entity.add_supported_context(uid, list(self.syntaxes))
        handlers: list[Any] = [
            (evt.EVT_ESTABLISHED, lambda event: self.associations.append(event.assoc)),
            (evt.EVT_C_ECHO, self._echo),
            (evt.EVT_C_FIND, self._find),
            (evt.EVT_N_GET, self._get),
            (evt.EVT_N_SET, self._set),
            (evt.EVT_N_CREATE, self._create),
            (evt.EVT_N_ACTION, self._action),
        ]
        self._server: Any = entity.make_server(
            ("127.0.0.1", 0), evt_handlers=handlers, server_class=ThreadedAssociationServer
        )
        entity._servers.append(self._server)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.port = self._server.server_address[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        for association in self._server.active_associations:
            association.abort()
        self._thread.join(5)

    def services(self) -> list[str]:
        """The names of the services that were asked for, in order."""
        return [one.service for one in self.received]

    def _keep(self, event: Any, service: str, **more: Any) -> None:
        request = event.request
        found = {}
        for name in ("class", "instance"):
            uids = [
                getattr(request, f"{kind}SOP{name.capitalize()}UID", None)
                for kind in ("Affected", "Requested")
            ]
            found[name] = str(next((uid for uid in uids if uid), ""))
        self.received.append(
            Received(
                service,
                str(event.context.abstract_syntax),
                found["class"],
                found["instance"],
                request.MessageID,
                **more,
            )
        )

    def _answer(self, event: Any, service: str) -> Any:
        handler = self.answers.get(service)
        return handler(event) if handler else (0x0000, None)

    def _echo(self, event: Any) -> Any:
        self._keep(event, "C-ECHO")
        return self._answer(event, "C-ECHO")[0]

    def _find(self, event: Any) -> Iterator[Answer]:
        self._keep(event, "C-FIND", data=event.identifier)
        handler = self.answers.get("C-FIND")
        yield from handler(event) if handler else ()

    def _get(self, event: Any) -> Any:
        asked = event.request.AttributeIdentifierList
        self._keep(event, "N-GET", tags=None if asked is None else tuple(int(tag) for tag in asked))
        return self._answer(event, "N-GET")

    def _set(self, event: Any) -> Any:
        data = event.modification_list if _has_content(event.request.ModificationList) else None
        self._keep(event, "N-SET", data=data)
        return self._answer(event, "N-SET")

    def _create(self, event: Any) -> Any:
        data = event.attribute_list if _has_content(event.request.AttributeList) else None
        self._keep(event, "N-CREATE", data=data)
        return self._answer(event, "N-CREATE")

    def _action(self, event: Any) -> Any:
        data = event.action_information if _has_content(event.request.ActionInformation) else None
        self._keep(event, "N-ACTION", data=data, action_type=event.action_type)
        return self._answer(event, "N-ACTION")


def _has_content(stream: Any) -> bool:
    return stream is not None and bool(stream.getvalue())


def keep_answers(association: Any) -> None:
    """Let a plain pynetdicom requestor lose no answer.

    Its reactor should pause while a request is sent, but on a busy machine it may be past that check; then it
    takes the response and drops it.
    """
    take = association.dimse.get_msg
    association.dimse.get_msg = lambda block=False: take(block) if block else (None, None)


def status(code: int, **more: Any) -> Dataset:
    """A status with further elements of the command set, such as ErrorComment."""
    found = Dataset()
    found.Status = code
    for keyword, value in more.items():
        setattr(found, keyword, value)
    return found


def data_set(**values: Any) -> Dataset:
    """A data set from keywords."""
    found = Dataset()
    for keyword, value in values.items():
        setattr(found, keyword, value)
    return found
