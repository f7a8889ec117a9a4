"""Results and remarks go to their own streams, and a reader that left ends nothing."""

import io
import os
import subprocess
import sys

import pytest

from upsdesk.cli.console import Console


class _Closed(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_results_and_remarks_are_apart() -> None:
    out, err = io.StringIO(), io.StringIO()
    console = Console("find", out=out, err=err, environment={})
    console.result("a row")
    console.note("a remark\nof two lines")
    assert out.getvalue() == "a row\n"
    assert err.getvalue() == "upsdesk find: a remark of two lines\n"


def test_details_wait_for_verbosity() -> None:
    err = io.StringIO()
    console = Console(out=io.StringIO(), err=err, environment={})
    console.detail("hidden")
    console.verbosity = 1
    console.detail("shown")
    console.message("hidden too")
    assert err.getvalue() == "shown\n"


def test_reader_that_left_is_noticed_and_nothing_is_raised() -> None:
    console = Console(out=_Closed(), err=_Closed(), environment={})
    console.result("a row")
    console.note("a remark")
    assert console.results_gone.is_set()
    console.result("another row")


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell")
@pytest.mark.parametrize("verb", ["--version", "--help", "vault list --format json"])
@pytest.mark.parametrize("end", ["| head -0", ">&-", "2>&-"])
def test_streams_that_nobody_reads_cause_no_traceback(verb: str, end: str) -> None:
    line = f"'{sys.executable}' -m upsdesk {verb} {end}"
    ran = subprocess.run(["sh", "-c", line], check=False, capture_output=True, text=True, timeout=20)
    assert ran.returncode == 0
    assert "Traceback" not in ran.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_results_that_cannot_be_written_are_said() -> None:
    line = [sys.executable, "-m", "upsdesk", "vault", "list", "--format", "json"]
    with open("/dev/full", "w") as full:
        ran = subprocess.run(line, check=False, stdout=full, stderr=subprocess.PIPE, text=True, timeout=20)
    assert ran.returncode == 2
    assert len(ran.stderr.splitlines()) == 1
    assert "cannot be written" in ran.stderr
