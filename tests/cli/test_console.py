"""Results and remarks go to their own streams, and a reader that left ends nothing."""

import io

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
