"""Talking to the inference process from a front end."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from types import TracebackType
from typing import IO, Any, cast

from engine.errors import LabError, UsageError
from sessions.home import Home
from sessions.machine.gpus import choose, list_gpus, worker_environment
from sessions.process import child_environment, python_command

WORDS = 4096  # bytes of what the process said last that are looked at


class ProcessEndedError(LabError):
    """The process is not there any more: another one must be started."""


class Inference:
    """One inference process; a context manager. Requests are answered in turn."""

    def __init__(self, home: Home, device: str = "cpu", environment: dict[str, str] | None = None):
        self.device = device
        extra = environment or ({"CUDA_VISIBLE_DEVICES": ""} if device == "cpu" else {})
        self._said = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115  (a pipe nobody reads would fill up)
        self._process = subprocess.Popen(
            python_command("sessions.infer", str(home.root)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env=child_environment(extra),
            text=True,
            start_new_session=True,  # Ctrl-C in the terminal is the front end's business
        )
        self._number = 0
        self._requests = cast(IO[str], self._process.stdin)
        self._answers = cast(IO[str], self._process.stdout)

    def ask(self, operation: str, **args: Any) -> Any:
        """One request and its result; an error answer is raised as the error it was."""
        self._number += 1
        request = {"id": self._number, "op": operation, "args": {"device": self.device, **args}}
        try:
            self._requests.write(json.dumps(request) + "\n")
            self._requests.flush()
            line = self._answers.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise ProcessEndedError(
                "the inference process ended",
                got=self.last_words() or f"exit code {self._process.wait()}",
                hint="out of memory? Try a smaller split, or labapp doctor",
            )
        try:
            answer = json.loads(line)
        except ValueError as error:  # it was killed while it wrote
            raise ProcessEndedError("the inference process ended within an answer", got=self.last_words()) from error
        if "error" in answer:
            raise _error(answer["error"])
        return answer["result"]

    def last_words(self) -> str:
        """The last lines of what the process said so far. Where it writes stays where it is."""
        file = self._said.fileno()
        said = os.pread(file, WORDS, max(0, os.fstat(file).st_size - WORDS))
        return " ".join(line.strip() for line in said.decode(errors="replace").splitlines()[-3:])

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def interrupt(self) -> None:
        """End the process now, whatever it does. From any thread: who waits for an answer is told that it ended."""
        self._process.terminate()

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError):  # it ended before we did
            self._requests.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()
        self._said.close()

    def __enter__(self) -> Inference:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def inference_on(home: Home, gpu: str) -> Inference:
    """Start one where a GPU is chosen: `auto`, `cpu`, or an index or UUID, which is refused if there is none such."""
    chosen = choose(gpu, list_gpus())
    return Inference(home, "cpu" if chosen is None else "cuda", worker_environment(chosen, gpu))


def _error(raw: dict[str, Any]) -> LabError:
    kind = UsageError if raw.get("exit_code") == 2 else LabError
    return kind(str(raw.get("title")), got=raw.get("got"), expected=raw.get("expected"), hint=raw.get("hint"))
