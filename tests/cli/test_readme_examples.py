"""The README's command lines do what they are shown for, in their order, on a server of their own."""

import re
import shlex
import signal
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


def test_examples_in_their_order(tmp_path: Path) -> None:
    ports = {SERVER_PORT: str(free_port()), LISTENER_PORT: str(free_port())}
    lines = _examples(ports, tmp_path)
    running = []
    try:
        for line in lines:
            if line[0] in ("scp", "listen"):
                running.append(start(*line))
                wait_until_listening(running[-1])
                continue
            ran = upsdesk(*line)
            assert ran.status == 0, (line, ran.err)
            if line[:2] == ["vault", "list"]:
                assert ran.out.startswith("1.2.3\t")
    finally:
        for process in reversed(running):
            process.send_signal(signal.SIGTERM)
        ended = [finish(process) for process in reversed(running)]
    listened, served = ended
    assert (listened.status, served.status) == (0, 0)
    assert "UPS Cancel Requested" in listened.out
    assert {"1.2.3", "1.2.4"} <= {report["sop_instance_uid"] for report in listened.lines}
