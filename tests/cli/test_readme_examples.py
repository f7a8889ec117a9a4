"""The README's command lines do what they are shown for, in their order, on a server of their own."""

import json
import re
import shlex
import signal
import subprocess
from pathlib import Path

from tests.cli.conftest import free_port, wait_until_listening
from tests.cli.running import finish, start, upsdesk

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SERVER_PORT, LISTENER_PORT = "11112", "11113"


def _examples(ports: dict[str, str], folder: Path) -> list[list[str]]:
    """The lines of the README's section on the command line, with free ports and the store in `folder`."""
    section = README.partition("## The command line")[2].partition("```sh\n")[2].partition("```")[0]
    text = re.sub("|".join(ports), lambda found: ports[found[0]], section.replace("\\\n", ""))
    lines = [shlex.split(line)[1:] for line in text.splitlines() if line.startswith("upsdesk ")]
    return [[str(folder / word) if word == "items.sqlite" else word for word in line] for line in lines]


def _reports_until(listener: subprocess.Popen[str], event_name: str) -> list[dict[str, object]]:
    """What the listener printed, up to the first report of that name; or all, when it ended before."""
    assert listener.stdout is not None
    reports = []
    for line in listener.stdout:
        reports.append(json.loads(line))
        if reports[-1]["event_name"] == event_name:
            break
    return reports


def test_examples_in_their_order(tmp_path: Path) -> None:
    ports = {SERVER_PORT: str(free_port()), LISTENER_PORT: str(free_port())}
    reports = []
    running: list[subprocess.Popen[str]] = []
    try:
        for line in _examples(ports, tmp_path):
            if line[0] in ("scp", "listen"):
                running.append(start(*line))
                wait_until_listening(running[-1])
                continue
            if line[0] == "unsubscribe":  # what is not delivered by then is dropped
                reports = _reports_until(running[-1], "UPS Cancel Requested")
            ran = upsdesk(*line)
            assert ran.status == 0, (line, ran.err)
            if line[:2] == ["vault", "list"]:
                assert ran.out.startswith("1.2.3\t")
    finally:
        ended = []
        for process in reversed(running):  # the server last: the listener unsubscribes there at its end
            process.send_signal(signal.SIGTERM)
            ended.append(finish(process).status)
    assert ended == [0, 0]
    assert {"1.2.3", "1.2.4"} <= {report["sop_instance_uid"] for report in reports}
