"""What waits in a run's request.json: a ticket for the run's next attempt, and jobs that use what it learned.

    "ticket": {kind, attempt, position, gpu, after, host, submitted, environment, seen, run, key}
    "jobs": {job id: {the same, without attempt, and args; once started also slot, spawned, standing_in}}

Everything is read without ever failing on what stands there: what is no ticket is None.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sessions.process import Identity, host
from sessions.run.records import number_of, table_of, text_of

TRAIN = "train"
CPU, AUTO = "cpu", "auto"
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")  # of runs and jobs: a name that cannot leave its folder
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # without look-alikes


@dataclass(frozen=True)
class Ticket:
    """One thing that waits for its turn."""

    kind: str
    position: float  # tickets start in this order; a new one's is the time, so a later one stands behind
    host: str
    attempt: int = 0  # of the run, for a training
    gpu: str = AUTO  # auto, cpu, an index or a UUID
    after: tuple[str, ...] = ()  # runs that must not go on any more
    submitted: float = 0.0
    environment: Mapping[str, str] = field(default_factory=dict)
    seen: bool = False  # whether a GPU could be seen when it was submitted
    args: Mapping[str, Any] = field(default_factory=dict)
    trouble: str = ""  # why the last try to start it failed

    @property
    def mask(self) -> str | None:
        """The GPUs its submitter may use."""
        return self.environment.get("CUDA_VISIBLE_DEVICES")


def ticket_of(raw: Any) -> Ticket | None:
    """The ticket in a record; None when it is none."""
    if not isinstance(raw, dict) or not text_of(raw, "kind") or not text_of(raw, "host"):
        return None
    after = raw.get("after")
    submitted = number_of(raw, "submitted")
    return Ticket(
        kind=text_of(raw, "kind"),
        position=number_of(raw, "position", submitted),
        host=text_of(raw, "host"),
        attempt=int(number_of(raw, "attempt")),
        gpu=text_of(raw, "gpu") or AUTO,
        after=tuple(each for each in after if isinstance(each, str)) if isinstance(after, list) else (),
        submitted=submitted,
        environment={key: value for key, value in table_of(raw, "environment").items() if sound(key, value)},
        seen=raw.get("seen") is True,
        args=table_of(raw, "args"),
        trouble=text_of(raw, "trouble"),
    )


def sound(name: str, value: Any) -> bool:
    """Whether the system takes this as a variable."""
    if not isinstance(value, str) or "\0" in value + name or not name or "=" in name:
        return False
    try:
        os.fsencode(name + value)
    except UnicodeEncodeError:  # half a character, or one that this locale does not have
        return False
    return True


def new_ticket(
    kind: str,
    *,
    gpu: str = AUTO,
    after: Iterable[str] = (),
    seen: bool = False,
    position: float | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A ticket for request.json, submitted here and now; `more` is its attempt or its args."""
    now = time.time()
    return {
        "kind": kind,
        "position": now if position is None else position,
        "gpu": gpu,
        "after": list(after),
        "host": host(),
        "submitted": now,
        "environment": captured(),
        "seen": seen,
        **more,
    }


@dataclass(frozen=True)
class Job:
    """A ticket under a run's "jobs", and what has become of it."""

    id: str
    ticket: Ticket
    slot: str
    process: Identity | None  # its own: never the one that is about to start it
    standing_in: bool  # its start has begun, and nobody said how it ended


def jobs_of(request: dict[str, Any] | None) -> list[Job]:
    """The jobs of a run; what is none is passed over."""
    found = []
    for job_id, raw in table_of(request, "jobs").items():
        ticket = ticket_of(raw)
        if ticket is not None and ID.fullmatch(job_id):
            standing_in = raw.get("standing_in") is True
            process = None if standing_in else Identity.from_dict(raw.get("spawned"))
            found.append(Job(job_id, ticket, text_of(raw, "slot"), process, standing_in))
    return found


def new_job_id(kind: str) -> str:
    return f"{kind}-{''.join(secrets.choice(ALPHABET) for _ in range(6))}"


# The queue process has the environment of whichever shell happened to start it, perhaps days ago. What decides how a
# training goes must be that of the shell that submitted it, so those variables are kept with the ticket and replace the
# queue's own. It is a list of what is let in, not of what is kept out: run directories are copied and handed on, and
# nobody knows what secrets an environment holds.
ALLOWED = re.compile(
    r"PATH|PYTHONPATH|LD_LIBRARY_PATH|VIRTUAL_ENV|HOME|USER|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|XDG_\w+"
    r"|CONDA_\w+|CUDA_\w+|NVIDIA_\w+|NCCL_\w+|CUBLAS_\w+|OMP_\w+|MKL_\w+|OPENBLAS_\w+|TORCH\w*|PYTORCH_\w+|TRITON_\w+|CC|CXX"
    r"|MALLOC_\w+|HF_HOME|HF_\w+_CACHE|HF_\w*OFFLINE|TRANSFORMERS_OFFLINE|TRANSFORMERS_CACHE|TOKENIZERS_PARALLELISM"
    r"|LABAPP_\w+"
)
SECRET = re.compile(r"TOKEN(?!IZER)|SECRET|PASSW|CREDENTIAL|AUTH|(^|_)API_?KEY|_KEY(_|$)", re.IGNORECASE)


def captured(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """What of an environment belongs to a submission: never a secret."""
    found = os.environ if environment is None else environment
    return {name: value for name, value in found.items() if kept(name) and sound(name, value)}


def kept(name: str) -> bool:
    return ALLOWED.fullmatch(name) is not None and SECRET.search(name) is None


def environment_for(ticket: Ticket, chosen: Mapping[str, str]) -> dict[str, str]:
    """The environment to start a ticket in: ours where the submission has no say, its own, and the GPU chosen."""
    ours = {name: value for name, value in os.environ.items() if not kept(name)}
    theirs = {name: value for name, value in ticket.environment.items() if kept(name)}
    return {**ours, **theirs, **chosen}
