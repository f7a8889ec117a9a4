"""Each option of `scp` does what it says, in a process of its own and over real associations."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import wait_until_listening
from tests.cli.running import finish, start, upsdesk
from tests.support.plain_scu import (
    GLOBAL,
    PULL,
    WATCH,
    PlainListener,
    PlainScu,
    dataset,
    plain_scu,
    workitem,
)
from tests.support.raw_scu import associate_request, connected
from tests.support.waiting import wait_until
from upsdesk.domain.peer import parse_address

LOCK = "1.9.1"
STATE_REPORT, CANCEL_REQUESTED, SCP_STATUS = 1, 2, 4


class Running:
    """An `scp` process: its port, and what it has said so far."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port

    def type(self, line: str) -> str:
        """Type a line and return the next line of the log."""
        assert self.process.stdin is not None
        assert self.process.stderr is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stderr.readline().rstrip("\n")


@contextmanager
def scp(*arguments: object) -> Iterator[Running]:
    process = start("scp", "OPT:0", *arguments, "--until-stdin-closes")
    try:
        yield Running(process, parse_address(wait_until_listening(process))[2])
    finally:
        ran = finish(process)
        assert ran.status == 0, ran.err


@contextmanager
def client(running: Running, calling: str = "PLAIN") -> Iterator[PlainScu]:
    with plain_scu(running.port, "OPT", calling) as scu:
        yield scu


@contextmanager
def listener(title: str) -> Iterator[PlainListener]:
    found = PlainListener(title).start()
    try:
        yield found
    finally:
        found.stop()


def peer(one: PlainListener) -> str:
    return f"{one.aet}@127.0.0.1:{one.port}"


def test_lenient() -> None:
    bare = dataset(
        ProcedureStepState="SCHEDULED",
        ScheduledProcedureStepPriority="LOW",
        ProcedureStepLabel="Bare",
        ScheduledProcedureStepStartDateTime="20260101",
        InputReadinessState="READY",
        SOPClassUID="1.2.840.10008.5.1.4.34.6.1",
    )
    with scp() as strict, client(strict) as scu:
        assert scu.create("1.2.3", bare) in (0x0105, 0x0120)
    choices = [part for choice in ("create", "final", "lock") for part in ("--lenient", choice)]
    with scp(*choices) as lenient, client(lenient) as scu:
        assert scu.create("1.2.3", bare) in (0x0000, 0xB300)
        assert scu.change_state("1.2.3", "IN PROGRESS", LOCK) == 0x0000
        assert scu.change_state("1.2.3", "COMPLETED", "1.9.666") == 0x0000


def test_lenient_about_classes_and_warnings() -> None:
    claim = dataset(ProcedureStepState="IN PROGRESS", TransactionUID=LOCK)
    for choices, statuses in (
        ((), [0xB300, 0x0118, 0x0119, 0x0119, 0x0107]),
        (("--lenient", "class"), [0xB300, 0x0111, 0x0000, 0xC301, 0x0107]),
        (("--lenient", "class", "--lenient", "warning"), [0x0000, 0x0111, 0x0000, 0xC301, 0x0000]),
    ):
        with scp(*choices) as running, client(running) as scu:
            assert [
                scu.create("1.2.3", workitem(WorklistLabel="")),
                scu.create("1.2.3", workitem(), named=WATCH),
                scu.act("1.2.3", 1, claim, named=PULL),
                scu.set("1.2.3", dataset(ProcedureStepLabel="Other"), "1.9.9", named=PULL),
                scu.get("1.2.3", [0x00081195, 0x00741204]),
            ] == statuses


@pytest.mark.parametrize(
    ("arguments", "kinds"),
    [
        ((), [STATE_REPORT, STATE_REPORT]),
        (("--cancel-event", "table"), [STATE_REPORT, STATE_REPORT]),
        (("--cancel-event", "always"), [CANCEL_REQUESTED, STATE_REPORT, STATE_REPORT]),
    ],
)
def test_cancel_event(arguments: tuple[str, ...], kinds: list[int]) -> None:
    with listener("ALICE") as alice, scp("--peer", peer(alice), *arguments) as running:
        with client(running) as scu:
            assert scu.create("1.2.3", workitem()) == 0x0000
            assert scu.subscribe("1.2.3", "ALICE") == 0x0000
            alice.wait_for("1.2.3", 1)
            assert scu.request_cancel("1.2.3", dataset(ReasonForCancellation="Gone")) == 0x0000
        alice.wait_for("1.2.3", 1 + len(kinds))
        assert sorted(alice.kinds("1.2.3")[1:]) == sorted(kinds)


def test_expire_and_keep() -> None:
    expired = workitem(ScheduledProcedureStepExpirationDateTime="20260102030405+0000")
    with scp("--expire", "--keep", "1") as running, client(running) as scu:
        assert scu.create("1.2.3", expired) == 0x0000
        assert scu.create("1.2.4", workitem()) == 0x0000
        wait_until(lambda: scu.get("1.2.3", [0x00741000]) == 0xC307, 10, "canceled, and then deleted")
        assert scu.get("1.2.4", [0x00741000]) == 0x0000
    with scp() as running, client(running) as scu:
        assert scu.create("1.2.3", expired) == 0x0000
        assert scu.get("1.2.3", [0x00741000]) == 0x0000
        assert scu.reply is not None
        assert scu.reply.ProcedureStepState == "SCHEDULED"


def test_fallback_is_told_instead_of_every_peer() -> None:
    with listener("ALICE") as alice, listener("BOB") as bob:
        with scp("--peer", peer(alice), "--fallback", peer(bob)):
            bob.wait_for(GLOBAL, 1)
        assert [one.information.SCPStatus for one in bob.about(GLOBAL)] == ["RESTARTED", "GOING DOWN"]
        assert alice.told == []


def test_max_connections() -> None:
    with scp("--max-connections", "1") as running, client(running) as scu:
        with connected(running.port) as second:
            second.send(associate_request(b"OPT"))
            assert second.ends() == []
        assert scu.echo() == 0x0000


def test_queue(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    with scp("--queue", 3, "--store", store, "--peer", "AWAY@127.0.0.1:1") as running:
        with client(running) as scu:
            assert scu.subscribe(GLOBAL, "AWAY") == 0x0000
            for number in range(8):
                assert scu.create(f"1.2.3.{number}", workitem()) == 0x0000
        found = upsdesk("scp-status", "--store", store, "--format", "json").object["receivers"][0]
        assert found["queued"] == 3
        assert found["dropped"] >= 5


def test_faults_from_the_start_and_by_lines_while_it_runs() -> None:
    with scp("--fault", "echo:status=BEEF*1", "--fault", "get:status=0213") as running:
        said = [running.process.stderr.readline()[9:-1] for _ in range(2)]  # type: ignore[union-attr]
        assert said == ["fault echo:status=BEEF*1 is on", "fault get:status=0213 is on"]
        with client(running) as scu:
            assert (scu.echo(), scu.echo(), scu.get("1.2.3", [])) == (0xBEEF, 0x0000, 0x0213)
        for _ in range(5):  # two faults that happened, three messages
            running.process.stderr.readline()  # type: ignore[union-attr]
        assert running.type("faults")[9:] == "fault get:status=0213 is on"
        assert running.type("clear find")[9:] == "no fault find is on"
        assert running.type("clear")[9:] == "fault get:status=0213 is off"
        assert running.type("clear")[9:] == "no fault is on"
        assert running.type("fault any:status=0122")[9:] == "fault any:status=0122 is on"
        assert "no operation" in running.type("fault nothing:abort")
        assert "'make it fail' is no command" in running.type("make it fail")
        with client(running) as scu:
            assert scu.echo() == 0x0122


def test_fault_seed_makes_chance_the_same_each_time() -> None:
    def heard() -> list[str]:
        with listener("ALICE") as alice, listener("BOB") as bob:
            known = ["--peer", peer(alice), "--peer", peer(bob)]
            chance = ["--fault", "report@ALICE:drop=0.5", "--fault-seed", "11"]
            with scp(*known, *chance) as running, client(running) as scu:
                for one in (alice, bob):
                    assert scu.subscribe(GLOBAL, one.aet) == 0x0000
                for number in range(10):
                    assert scu.create(f"1.2.3.{number}", workitem()) == 0x0000
                bob.wait_for("1.2.3.9", 1)
            return [one.uid for one in alice.told if one.uid != GLOBAL]

    first = heard()
    assert 0 < len(first) < 10
    assert heard() == first


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["--fault", "fnd:abort"], "'fnd' is no operation"),
        (["--lenient", "all"], "--lenient"),
        (["--cancel-event", "never"], "--cancel-event"),
        (["--keep", "-1"], "no number of seconds"),
        (["--keep", "soon"], "no number of seconds"),
        (["--queue", "0"], "whole number above 0"),
        (["--max-connections", "many"], "whole number above 0"),
        (["--fallback", "A@"], "names no host"),
        (["--fault-seed", "x"], "whole number"),
    ],
)
def test_what_cannot_be_used_is_one_line(line: list[str], words: str) -> None:
    ran = upsdesk("scp", "BAD:0", *line)
    assert ran.status == 2
    assert len(ran.err.splitlines()) == 1
    assert words in ran.err


def test_an_ipv6_address_is_announced_in_brackets() -> None:
    process = start("scp", "SIX@::1:0", "--until-stdin-closes")
    try:
        address = wait_until_listening(process)
        assert address.startswith("SIX@[::1]:")
        assert upsdesk("echo", address).status == 0
    finally:
        finish(process)


def test_lines_of_the_log_are_for_people() -> None:
    process = start("scp", "LOG:0", "--until-stdin-closes")
    address = wait_until_listening(process)
    made = ["--set", "PatientName=Geheim^Gerda", "--set", "ScheduledProcedureStepStartDateTime=20261119"]
    assert upsdesk("create", address, "--iuid", "1.2.3", "--set", "ProcedureStepLabel=X", *made).status == 0
    assert upsdesk("claim", address, "--iuid", "1.2.3", "--no-subscribe").status == 0
    assert upsdesk("chstate", address, "--iuid", "1.2.3", "--state", "COMPLETED").status == 1
    assert upsdesk("find", address, "--state", "IN PROGRESS").status == 0
    lines = [line[9:] for line in finish(process).err.splitlines()]
    started = [line.split("  ms")[0] for line in lines]
    assert any(
        line.startswith("< UPSDESK           N-CREATE  ") and "B300 created with" in line for line in started
    )
    assert any("N-ACTION Change State       1.2.3 to IN PROGRESS  0000 Success" in line for line in started)
    assert any("C304 final state requirements not met (missing: Performed" in line for line in started)
    assert any("C-FIND                      1 match  0000 Success" in line for line in started)
    assert not any("Geheim" in line or "association" in line for line in lines)


def test_verbose_adds_associations_and_keywords() -> None:
    process = start("scp", "LOG:0", "--verbose", "--until-stdin-closes")
    address = wait_until_listening(process)
    assert upsdesk("find", address, "--state", "SCHEDULED", "-q", "PatientID=GEHEIM").status == 0
    lines = [line[9:] for line in finish(process).err.splitlines()]
    agreed = next(line for line in lines if "has an association" in line)
    assert "Verification" in agreed and "UPS Pull" in agreed and "(explicit)" in agreed
    carried = next(line for line in lines if line.startswith("  UPSDESK"))
    assert "PatientID" in carried and "GEHEIM" not in carried
    assert "UPSDESK released its association" in lines


_BACKGROUND = """
import os, signal, subprocess, sys
os.close(os.open(os.ttyname(0), os.O_RDWR))  # the first terminal that a new session opens becomes its own
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-m", "upsdesk", "scp", "TTY:0"], process_group=0, stderr=2)
while os.read(int(sys.argv[1]), 100):
    os.tcsetpgrp(0, child.pid)
os.killpg(child.pid, signal.SIGTERM)
sys.exit(child.wait())
"""


def test_in_the_background_of_a_terminal_it_goes_on() -> None:
    master, slave = pty.openpty()
    orders, given = os.pipe()

    session = subprocess.Popen(
        [sys.executable, "-c", _BACKGROUND, str(orders)],
        stdin=slave,
        stderr=subprocess.PIPE,
        text=True,
        pass_fds=(orders,),
        start_new_session=True,
    )
    os.close(orders)
    try:
        address = wait_until_listening(session)
        os.write(master, b"faults\n")  # for the session's own foreground, which does not read
        assert upsdesk("echo", address).status == 0
        assert session.stderr is not None
        assert "C-ECHO" in session.stderr.readline()
        os.write(given, b"foreground")
        os.write(master, b"fault echo:status=0211\n")
        assert "no fault is on" in session.stderr.readline()
        assert "fault echo:status=0211 is on" in session.stderr.readline()
        assert upsdesk("echo", address).status == 1
    finally:
        os.close(given)
        session.wait(10)
        assert session.stderr is not None
        session.stderr.close()
        os.close(master)
        os.close(slave)
    assert session.returncode == 0


def test_a_closed_standard_input_is_not_read() -> None:
    line = [sys.executable, "-m", "upsdesk", "scp", "CLOSED:0"]
    shell = ["sh", "-c", 'exec "$@" <&-', "sh", *line]
    process = subprocess.Popen(shell, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        address = wait_until_listening(process)
        assert upsdesk("echo", address).status == 0
    finally:
        process.send_signal(signal.SIGTERM)
        assert finish(process).status == 0
