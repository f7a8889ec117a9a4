"""The command `upsdesk`: finds the verb on the line, runs it, and turns its end into an exit status.

Only argparse is imported here; each verb imports what it needs when it runs.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import NamedTuple

from upsdesk.cli.console import Console
from upsdesk.cli.exits import ExitStatus, UsageError
from upsdesk.cli.parser import Parser, VersionAction


class Verb(NamedTuple):
    """A verb of the command line: the module that carries it out, and what the list of verbs says of it."""

    module: str
    summary: str


VERBS = {
    "gui": Verb("gui", "open the window (the default)"),
    "demo": Verb("demo", "open the window on a worklist of invented patients"),
    "echo": Verb("echo", "C-ECHO, and what the association negotiated"),
    "find": Verb("find", "C-FIND: search the worklist"),
    "get": Verb("get", "N-GET: read one workitem"),
    "create": Verb("create", "N-CREATE: make a workitem"),
    "set": Verb("set", "N-SET: change attributes of a workitem"),
    "chstate": Verb("chstate", "N-ACTION 1: change the state of a workitem"),
    "claim": Verb("claim", "start a workitem: read, check, keep the lock, claim, subscribe"),
    "progress": Verb("progress", "report progress on a workitem that is held here"),
    "complete": Verb("complete", "fill in what the final state needs, then complete"),
    "cancel": Verb("cancel", "fill in the reason, then cancel a workitem that is held here"),
    "reqcancel": Verb("reqcancel", "N-ACTION 2: ask for a workitem to be canceled"),
    "subscribe": Verb("subscribe", "N-ACTION 3: have updates sent"),
    "unsubscribe": Verb("unsubscribe", "N-ACTION 4: have no more updates sent"),
    "suspend": Verb("suspend", "N-ACTION 5: no new subscriptions by the global one"),
    "listen": Verb("listen", "receive updates (N-EVENT-REPORT) and print them"),
    "scp": Verb("scp", "run the embedded worklist server"),
    "scp-status": Verb("scp_status", "who would be told of what, read from the store of a server"),
    "vault": Verb("vault", "the workitems whose lock this desk keeps: list, forget, export, import"),
}
DEFAULT_VERB = "gui"
_OPTIONS_BEFORE_VERB = {"--data-dir": 1, "-v": 0, "-vv": 0}


def main(arguments: Sequence[str] | None = None, console: Console | None = None) -> int:
    """Carry out one command line; return the exit status (see `ExitStatus`)."""
    console = console or Console()
    try:
        status = _run(list(sys.argv[1:] if arguments is None else arguments), console)
        if console.unwritten:
            console.note(f"the results cannot be written: {console.unwritten}")
            return status or ExitStatus.USAGE
        return status
    except UsageError as error:
        console.note(f"{error}")
        return ExitStatus.USAGE
    except KeyboardInterrupt:
        console.note("interrupted; a request that was under way may have been carried out")
        return ExitStatus.INTERRUPTED
    except SystemExit as error:  # argparse after --help and --version
        return error.code if isinstance(error.code, int) else ExitStatus.DONE
    finally:
        console.close()


def _run(arguments: list[str], console: Console) -> int:
    name, rest = _split(arguments)
    if name is None:
        _top_parser().parse_args(rest)
        return ExitStatus.DONE
    if name not in VERBS:
        raise UsageError(f"there is no verb {name!r}: upsdesk --help lists them")
    console.verb = name
    verb = importlib.import_module(f"upsdesk.cli.{VERBS[name].module}")
    parser = Parser(prog=f"upsdesk {name}", description=VERBS[name].summary)
    verb.configure(parser)
    options = parser.parse_args(rest)
    console.verbosity = getattr(options, "verbose", 0)
    return int(verb.run(options, console))


def _split(arguments: list[str]) -> tuple[str | None, list[str]]:
    """The verb and what belongs to it; None for a line that asks about the command itself.

    The few options that every verb knows may stand before the verb.
    """
    before: list[str] = []
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        option = rest[0].partition("=")[0]
        if option in ("-h", "--help", "--version"):
            return None, rest[:1]
        if option not in _OPTIONS_BEFORE_VERB:
            break
        taken = 1 if "=" in rest[0] else 1 + _OPTIONS_BEFORE_VERB[option]
        before, rest = before + rest[:taken], rest[taken:]
    if not rest or rest[0].startswith("-"):
        return DEFAULT_VERB, before + rest
    return rest[0], before + rest[1:]


def _top_parser() -> Parser:
    width = max(map(len, VERBS))
    parser = Parser(
        prog="upsdesk",
        usage="upsdesk [VERB] [OPTIONS]",
        description="A desktop worklist manager for the DICOM Unified Procedure Step.",
        epilog="verbs:\n"
        + "\n".join(f"  {name:{width}}  {verb.summary}" for name, verb in VERBS.items())
        + "\n\nupsdesk VERB --help lists the options of a verb.\n"
        "Exit status: 0 done, 1 failure status from the peer, 2 wrong usage, 3 no usable answer,\n"
        "4 refused here and not sent, 130 interrupted.",
    )
    parser.add_argument("--version", action=VersionAction, nargs=0, help="print the version and end")
    return parser
