"""What is wrong with this machine for our purposes, and the command that mends it. Torch-free."""

from __future__ import annotations

import contextlib
import getpass
import importlib.metadata
import importlib.util
import locale
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psutil

from engine.errors import LabError
from sessions.home import Home
from sessions.machine.gpus import ask_nvml, list_gpus
from sessions.machine.sampler import ROOM_NEEDED
from sessions.preferences import read_layers
from sessions.process import SOURCE_ROOT

Verdict = Literal["good", "note", "bad"]
ROOMS = ("labapp", "sessions", "engine", "models", "assets")
PACKAGES = ("torch", "accelerate", "numpy", "pydantic", "typer", "rich")
LOGIND = (Path("/etc/systemd/logind.conf"), Path("/etc/systemd/logind.conf.d"), Path("/usr/lib/systemd/logind.conf.d"))


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    verdict: Verdict
    what: str
    found: str
    remedy: str = ""


def examine(home: Home, environment: Mapping[str, str] = os.environ) -> list[Finding]:
    """Everything, in the order a person would ask."""
    checks = (
        _python(),
        _rooms(),
        _preferences(),
        _gpus(environment),
        _home(home),
        _terminal(environment),
        _logind(),
        _machine(),
    )
    return [finding for check in checks for finding in check]


def _python() -> Iterator[Finding]:
    yield Finding("good", "python", f"{sys.version.split()[0]} at {sys.executable}")
    for package in PACKAGES:
        try:
            yield Finding("good", package, importlib.metadata.version(package))
        except importlib.metadata.PackageNotFoundError:
            yield Finding("bad", package, "not installed", "make install (or uv sync)")


def _rooms() -> Iterator[Finding]:
    """Another package called `models` or `engine` earlier on the path would be imported instead of ours."""
    for room in ROOMS:
        spec = importlib.util.find_spec(room)
        found = Path(spec.origin).resolve().parent if spec and spec.origin else None
        if found == SOURCE_ROOT / room:
            continue
        remedy = "take the other one off PYTHONPATH, or uninstall it"
        yield Finding("bad", f"package {room}", f"imports from {found}, not {SOURCE_ROOT / room}", remedy)
    yield Finding("good", "code", str(SOURCE_ROOT))


def _preferences() -> Iterator[Finding]:
    try:
        layers = read_layers()
    except LabError as error:
        yield Finding("bad", "preferences", f"{error.title}: {error.got}", error.hint or f"expected {error.expected}")
        return
    read = [str(each.file.path) for each in (layers.user, layers.project) if each.file.path.is_file()]
    yield Finding("good", "preferences", ", ".join(read) or f"none (would be {layers.user.file.path})")


def _gpus(environment: Mapping[str, str]) -> Iterator[Finding]:
    gpus = list_gpus(environment)
    for gpu in gpus:
        used = f"{gpu.memory_used / 2**30:.1f} of {gpu.memory_total / 2**30:.1f} GiB used"
        load = "load not known" if gpu.utilisation is None else f"{gpu.utilisation:.0%} busy"
        busy = f"{load}, {gpu.processes} processes"
        yield Finding("good" if gpu.idle else "note", f"gpu {gpu.index}", f"{gpu.name}, {used}, {busy}, {gpu.uuid}")
    mask = environment.get("CUDA_VISIBLE_DEVICES")
    if mask is not None:
        yield Finding("note", "CUDA_VISIBLE_DEVICES", repr(mask), "unset it to see every GPU")
    if not gpus:
        why = ask_nvml()[1]
        yield Finding("note", "gpu", "none can be seen: runs use the CPU" + (f" (NVML says: {why})" if why else ""))
        return
    if len({gpu.name for gpu in gpus}) > 1 and environment.get("CUDA_DEVICE_ORDER") != "PCI_BUS_ID":
        found = "cards of several kinds: CUDA may number them otherwise than nvidia-smi and labapp do"
        yield Finding("note", "CUDA_DEVICE_ORDER", found, "export CUDA_DEVICE_ORDER=PCI_BUS_ID, or name GPUs by UUID")
    yield from _driver()


def _driver() -> Iterator[Finding]:
    """The driver's newest CUDA, and the cards, against what torch was built for."""
    import pynvml

    pynvml.nvmlInit()
    try:
        driver, newest = pynvml.nvmlSystemGetDriverVersion(), pynvml.nvmlSystemGetCudaDriverVersion()
        cards = _capabilities(pynvml)
    finally:
        pynvml.nvmlShutdown()
    words = f"{driver} (CUDA up to {newest // 1000}.{newest % 1000 // 10})"
    built = torch_cuda()
    if built is None:
        yield Finding("bad", "torch build", f"driver {words}, but torch was built without CUDA", REINSTALL)
        return
    built_for = ".".join(map(str, built))
    if built[0] > newest // 1000:
        yield Finding("bad", "driver", f"{words}, but torch was built for CUDA {built_for}", REINSTALL)
        return
    yield Finding("good", "driver", words)
    for index, capability in cards.items():
        if built[0] >= DROPPED[0] and capability < DROPPED[1]:
            found = f"of compute capability {capability[0]}.{capability[1]}, which CUDA {built_for} has left behind"
            yield Finding("bad", f"gpu {index}", found, "make install TORCH_BACKEND=cu126")


def _capabilities(nvml: Any) -> dict[int, tuple[int, int]]:
    """The compute capability of every card that tells it."""
    found: dict[int, tuple[int, int]] = {}
    for index in range(nvml.nvmlDeviceGetCount()):
        with contextlib.suppress(nvml.NVMLError, AttributeError):  # lost, or bindings that do not know the question
            major, minor = nvml.nvmlDeviceGetCudaComputeCapability(nvml.nvmlDeviceGetHandleByIndex(index))
            found[index] = int(major), int(minor)
    return found


DROPPED = 13, (7, 5)  # CUDA 13 has no code for cards below this compute capability
REINSTALL = "make install TORCH_BACKEND=auto picks the build of torch that fits the driver"


def torch_cuda() -> tuple[int, int] | None:
    """The CUDA version torch was built for, read from its version file without importing it."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return None
    try:
        text = (Path(spec.origin).parent / "version.py").read_text()
    except OSError:
        return None
    match = re.search(r"^cuda[^=]*=\s*'(\d+)\.(\d+)'", text, re.MULTILINE)
    return (int(match[1]), int(match[2])) if match else None


def _home(home: Home) -> Iterator[Finding]:
    try:
        home.ensure()
        probe = home.root / ".doctor"
        probe.write_bytes(b"ok")
        probe.unlink()
    except LabError as error:
        yield Finding("bad", "home", error.got or error.title, error.hint or "")
        return
    except OSError as error:
        yield Finding("bad", "home", f"{home.root}: {error.strerror}", "choose another with --home DIR or LABAPP_HOME")
        return
    free = shutil.disk_usage(home.root).free
    low = free < ROOM_NEEDED
    remedy = "labapp clean, or another home with LABAPP_HOME" if low else ""
    yield Finding("bad" if low else "good", "home", f"{home.root}, {free / 2**30:.1f} GiB free", remedy)
    if home.root.stat().st_mode & 0o077:
        yield Finding("note", "home", "others can look into it", f"chmod 700 {home.root}")


def _terminal(environment: Mapping[str, str]) -> Iterator[Finding]:
    term = environment.get("TERM", "")
    size = shutil.get_terminal_size()
    colours = "24-bit colour" if environment.get("COLORTERM") in ("truecolor", "24bit") else "256 colours or fewer"
    inside = ", inside tmux" if environment.get("TMUX") else ", inside screen" if environment.get("STY") else ""
    words = f"{term or 'none'}, {size.columns}x{size.lines}, {colours}{inside}"
    dumb = term in ("", "dumb")
    remedy = "a terminal with TERM set, such as xterm-256color" if dumb else ""
    yield Finding("note" if dumb else "good", "terminal", words, remedy)
    if inside.endswith("tmux") and colours.startswith("256"):
        yield Finding("note", "tmux", "colours are reduced", 'set -as terminal-features ",*:RGB" in ~/.tmux.conf')
    encoding = locale.getpreferredencoding(False)
    if encoding.lower().replace("-", "") != "utf8":
        yield Finding("note", "locale", f"text is {encoding}", "export LC_ALL=C.UTF-8")


def _logind() -> Iterator[Finding]:
    """Where logind kills a user's processes at logout, no run survives the connection."""
    if not kills_user_processes(LOGIND):
        yield Finding("good", "logout", "processes survive it")
        return
    user = getpass.getuser()
    if Path("/var/lib/systemd/linger", user).exists():
        yield Finding("good", "logout", "processes survive it (lingering is enabled)")
        return
    remedy = f"loginctl enable-linger {user}"
    yield Finding("bad", "logout", "logind kills your processes then (KillUserProcesses=yes)", remedy)


def kills_user_processes(places: tuple[Path, ...]) -> bool:
    """The last word of logind's configuration files on KillUserProcesses; its default is no."""
    files = [file for place in places for file in (sorted(place.glob("*.conf")) if place.is_dir() else [place])]
    answer = False
    for file in files:
        try:
            text = file.read_text(errors="replace")
        except OSError:
            continue
        for value in re.findall(r"^\s*KillUserProcesses\s*=\s*(\S+)", text, re.MULTILINE):
            answer = value.lower() in ("yes", "true", "1", "on")
    return answer


def _machine() -> Iterator[Finding]:
    memory = psutil.virtual_memory()
    cores = len(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else os.cpu_count()
    yield Finding("good", "machine", f"{cores} cores, {memory.available / 2**30:.1f} GiB of memory available")
