"""`upsdesk scp`: the embedded worklist server in the foreground."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from upsdesk.cli import options as shared
from upsdesk.cli.addresses import parse_listen_address
from upsdesk.cli.exits import UsageError
from upsdesk.cli.parser import reading
from upsdesk.domain.peer import parse_address

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser


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
    parser.add_argument(
        "--peer",
        dest="peers",
        action="append",
        default=[],
        type=reading(parse_address),
        metavar="AET@host:port",
        help="a known Receiving AE (repeatable)",
    )
    parser.add_argument("--seed", choices=("demo",), help="begin with about 60 invented workitems")
    parser.add_argument(
        "--robots",
        metavar="SPEC",
        help="performers that claim and finish workitems, such as count=3,pace=6; empty: the defaults",
    )
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when standard input ends")
    parser.add_argument("--verbose", dest="verbose_log", action="store_true", help="log every message")
    shared.add_common(parser)


def run(options: argparse.Namespace, console: Console) -> int:
    from upsdesk.scp.model import ReceivingAe
    from upsdesk.scp.serve import ScpOptions, serve
    from upsdesk.scp.store.migrations import UnknownVersion

    aet, host, port = options.address
    wanted = ScpOptions(
        aet=aet,
        host=host,
        port=port,
        store=options.store,
        peers=tuple(ReceivingAe(*peer) for peer in options.peers),
        seed_demo=options.seed == "demo",
        robots=options.robots,
        until_stdin_closes=options.until_stdin_closes,
        verbose=options.verbose_log,
    )
    try:
        return serve(wanted)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(
            f"cannot serve at {options.address.at(port)} from {options.store}: {reason}"
        ) from None
    except (ValueError, UnknownVersion) as error:
        raise UsageError(str(error)) from None
