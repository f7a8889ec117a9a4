"""What tests of the table begin with."""

import pytest

from tests.ui.worklist.values import Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()
