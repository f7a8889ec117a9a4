"""`upsdesk scp`: the embedded worklist server in the foreground."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from upsdesk.cli import options as shared
from upsdesk.cli.addresses import parse_listen_address
from upsdesk.cli.exits import UsageError
from upsdesk.cli.parser import positive, reading
from upsdesk.domain.peer import parse_address
from upsdesk.scp.fault_specs import FORM, parse_fault

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser
    from upsdesk.scp.serve import ScpOptions

_LENIENCIES = {
    "create": "create",
    "final": "final",
    "lock": "lock",
    "class": "sop_class",
    "warning": "warning",
}
"""The words of `--lenient`, and the fields of Leniency that they set."""


def configure(parser: Parser) -> None:
    parser.add_argument(
        "address",
        type=reading(parse_listen_address),
        metavar="AET[@host]:PORT",
        help="own AE title and where to listen; default host 127.0.0.1, port 0 takes a free one",
    )
    parser.add_argument(
        "--store", default=":memory:", metavar="PATH", help="SQLite file or URL; default: in memory"
    )
    parser.add_argument("--seed", choices=("demo",), help="begin with about 60 invented workitems")
    parser.add_argument(
        "--robots",
        metavar="SPEC",
        help="performers that claim and finish workitems, such as count=3,pace=6; empty: the defaults",
    )
    _add_receivers(parser)
    _add_choices(parser)
    _add_limits(parser)
    _add_faults(parser)
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when standard input ends")
    parser.add_argument(
        "--verbose",
        dest="verbose_log",
        action="store_true",
        help="log associations and the keywords of attributes too; default: one line a message",
    )
    shared.add_common(parser)


def _add_receivers(parser: Parser) -> None:
    parser.add_argument(
        "--peer",
        dest="peers",
        action="append",
        default=[],
        type=reading(parse_address),
        metavar="AET@host:port",
        help="a known Receiving AE (repeatable)",
    )
    parser.add_argument(
        "--fallback",
        action="append",
        type=reading(parse_address),
        metavar="AET@host:port",
        help="told when the server starts and ends, subscribed or not (repeatable); default: every --peer",
    )
    parser.add_argument(
        "--queue",
        type=reading(positive),
        metavar="N",
        help="reports kept per Receiving AE, beyond which the oldest are dropped; default 10000",
    )


def _add_choices(parser: Parser) -> None:
    parser.add_argument(
        "--lenient",
        action="append",
        default=[],
        choices=tuple(_LENIENCIES),
        help="be less strict than the Standard (repeatable): create takes less than N-CREATE must carry, "
        "final checks no final-state requirements, lock compares no Transaction UID, class takes any UPS "
        "class for Push, warning answers 0000 instead of a warning",
    )
    parser.add_argument(
        "--cancel-event",
        choices=("table", "always"),
        default="table",
        help="when UPS Cancel Requested goes out: while IN PROGRESS (the default), or also while SCHEDULED",
    )
    parser.add_argument("--expire", action="store_true", help="cancel SCHEDULED workitems that have expired")
    parser.add_argument(
        "--keep",
        type=reading(_retention),
        metavar="SECONDS",
        help="delete final workitems after that, unless a deletion lock is held; default: never",
    )


def _add_limits(parser: Parser) -> None:
    parser.add_argument(
        "--max-connections",
        type=reading(positive),
        metavar="N",
        help="connections at the same time; default 100",
    )


def _add_faults(parser: Parser) -> None:
    parser.add_argument(
        "--fault",
        dest="faults",
        action="append",
        default=[],
        type=reading(parse_fault),
        metavar="SPEC",
        help=f"go wrong on purpose (repeatable): {FORM}, such as find:abort-after=3; the lines fault SPEC, "
        "faults and clear [SPEC] on standard input switch while it runs",
    )
    parser.add_argument(
        "--fault-seed",
        type=reading(_whole),
        metavar="N",
        help="faults that happen by chance happen the same each time",
    )


def run(options: argparse.Namespace, console: Console) -> int:
    from upsdesk.scp.serve import serve
    from upsdesk.scp.store.migrations import UnknownVersion

    try:
        return serve(_wanted(options)).value
    except OSError as error:
        at = options.address.at(options.address.port)
        reason = error.strerror or str(error)
        raise UsageError(f"cannot serve at {at} from {options.store}: {reason}") from None
    except (ValueError, UnknownVersion) as error:
        raise UsageError(str(error)) from None


def _wanted(options: argparse.Namespace) -> ScpOptions:
    from upsdesk.scp.dispatcher import Delivery
    from upsdesk.scp.housekeeping import Retention
    from upsdesk.scp.model import ReceivingAe
    from upsdesk.scp.serve import ScpOptions
    from upsdesk.scp.server import Limits
    from upsdesk.scp.services.common import CancelEvent, Leniency

    aet, host, port = options.address
    fallback = tuple(ReceivingAe(*peer) for peer in options.fallback) if options.fallback else None
    return ScpOptions(
        aet=aet,
        host=host,
        port=port,
        store=options.store,
        peers=tuple(ReceivingAe(*peer) for peer in options.peers),
        fallback=fallback,
        leniency=Leniency(**{_LENIENCIES[one]: True for one in options.lenient}),
        cancel_event=CancelEvent(options.cancel_event),
        retention=Retention(keep=options.keep, expire=options.expire),
        limits=Limits(connections=options.max_connections) if options.max_connections else Limits(),
        delivery=Delivery(queue=options.queue) if options.queue else Delivery(),
        faults=tuple(options.faults),
        fault_seed=options.fault_seed,
        seed_demo=options.seed == "demo",
        robots=options.robots,
        until_stdin_closes=options.until_stdin_closes,
        verbose=options.verbose_log,
    )


def _retention(text: str) -> float:
    """Seconds from 0 to about 30 years; raise ValueError otherwise."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1e9:
        raise ValueError(f"{text!r} is no number of seconds")
    return number


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} is no whole number") from None
