"""One workitem at a server with state, and a window for its dialogs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.ui.desks import Setting, setting


@pytest_asyncio.fixture
async def here(tmp_path: Path) -> AsyncIterator[Setting]:
    async with setting(tmp_path) as made:
        yield made
