"""Fixtures of the entity lab's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.ner.corpora import Corpora


@pytest.fixture
def corpora(tmp_path: Path) -> Corpora:
    return Corpora(tmp_path)
