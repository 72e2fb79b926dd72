"""What a dataset is known by, asked in a process of its own: neither face opens data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.config import Config
from sessions.home import Home
from sessions.inference import Inference


class Fingerprints:
    """A context manager whose `of` answers. The process is started at the first question: most studies need none."""

    def __init__(self, home: Home, say: Callable[[str], object] = lambda words: None):
        self.home, self.say = home, say
        self._inference: Inference | None = None

    def __enter__(self) -> Fingerprints:
        return self

    def __exit__(self, *_: Any) -> None:
        if self._inference is not None:
            self._inference.close()

    def of(self, config: Config) -> str:
        """The fingerprint of the data a configuration would train on."""
        if self._inference is None:
            self.say(f"looking at {config.data}: runs on other paths may have trained on the same")
            self._inference = Inference(self.home)
        return str(self._inference.ask("fingerprint", config=config.as_dict())["fingerprint"])
