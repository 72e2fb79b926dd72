"""Nothing is trained here: what is launched waits."""

from __future__ import annotations

import pytest

from tests.studies import QUEUES


@pytest.fixture(autouse=True)
def _no_queue_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in QUEUES:
        monkeypatch.setattr(f"{name}.ensure_queue", lambda home: False)
