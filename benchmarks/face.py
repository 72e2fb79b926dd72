"""How fast the app is: `python -m benchmarks.face`. Each figure is the median of repeats, in a real pseudo-terminal.

first frame    from starting the process to the bars on the screen, and to the first run; cold: files not in memory
key to paint   from the key that moves the cursor to the screen that shows it, with three charts on the screen
long lists     from the start of the process to the last line of 1,000 and of 5,000 runs
live runs      ten runs that write as workers do: resident memory, processor, and from an event to its curve
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from benchmarks.homes import beat, fill, live
from benchmarks.machine import describe_face
from engine.events import encode
from sessions.home import Home
from sessions.run.records import EVENTS
from tests.labapp.terminal import Terminal

SIZE = (160, 45)
LIVE_RUNS = 10
SETTLE, WATCH = 10.0, 30.0  # seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    print(describe_face(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LABAPP_CONFIG"] = str(Path(folder, "config.toml"))
        small = fill(Path(folder, "small"), 30)
        first_frames(small, repeats)
        key_to_paint(small, 4 * repeats)
        for count in (1_000, 5_000):
            long_list(fill(Path(folder, str(count)), count), count, repeats)
        live_runs(fill(Path(folder, "live"), LIVE_RUNS), repeats)


def say(what: str, value: str, goal: str) -> None:
    print(f"{what:<46}{value:<28}goal {goal}", flush=True)


def app(home: Home) -> Terminal:
    return Terminal(SIZE, LABAPP_HOME=str(home.root))


def leave(terminal: Terminal) -> None:
    terminal.press("q")
    terminal.ended()


def seconds_until(terminal: Terminal, holds: Callable[[str], object]) -> float:
    begun = time.perf_counter()
    terminal.until(holds)
    return time.perf_counter() - begun


def first_frames(home: Home, repeats: int) -> None:
    for name, prepare in (("warm", lambda: None), ("cold", forget_files)):
        frames, rows = [], []
        for _ in range(repeats):
            if not prepare_or_skip(prepare):
                say(f"first frame, {name}", "not measured: needs root", "under 1 s")
                break
            begun = time.perf_counter()
            with app(home) as terminal:
                terminal.received(b"1 Runs")
                frames.append(time.perf_counter() - begun)
                terminal.received(b"30 finished")
                rows.append(time.perf_counter() - begun)
                leave(terminal)
        if frames:
            value = f"{statistics.median(frames):.2f} s, runs {statistics.median(rows):.2f} s"
            say(f"first frame, {name}", value, "under 1 s")


def forget_files() -> None:
    """Drop what the kernel keeps of files, as after a day without labapp."""
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3")


def prepare_or_skip(prepare: Callable[[], None]) -> bool:
    with contextlib.suppress(OSError):
        prepare()
        return True
    return False


def key_to_paint(home: Home, repeats: int) -> None:
    taken = []
    with app(home) as terminal:
        terminal.until(lambda shown: "30 finished" in shown)
        time.sleep(2)
        terminal.read()
        for _ in range(repeats):
            lines = terminal.read().split("\n")
            here = next(number for number, line in enumerate(lines) if line[1:2] == ">")
            label = lines[here + 1][12:30].rstrip().encode()
            begun = time.perf_counter()
            terminal.press("\x1b[B")
            terminal.received(label)
            taken.append(time.perf_counter() - begun)
            time.sleep(0.6)
        leave(terminal)
    worst = sorted(taken)[int(0.9 * len(taken))]
    say(
        "key to paint, three charts",
        f"{1e3 * statistics.median(taken):.0f} ms, 9 of 10 {1e3 * worst:.0f} ms",
        "under 50 ms",
    )


def long_list(home: Home, count: int, repeats: int) -> None:
    taken = []
    for _ in range(repeats):
        begun = time.perf_counter()
        with app(home) as terminal:
            terminal.received(f"{count} finished".encode())
            taken.append(time.perf_counter() - begun)
            leave(terminal)
    say(f"a list of {count:,} runs", f"{statistics.median(taken):.2f} s", f"under {1 if count == 1_000 else 3} s")


@contextlib.contextmanager
def writing(home: Home, every: float = 1.0) -> Iterator[Callable[[str, float], None]]:
    """Ten runs as live as workers make them: a heartbeat and an event a second each. Yields a way to add a value."""
    ids = sorted(path.name for path in home.runs.iterdir() if not path.name.startswith("."))
    ending, steps = threading.Event(), dict.fromkeys(ids, 1000)
    for run_id in ids:
        live(home, run_id)

    def add(run_id: str, value: float) -> None:
        steps[run_id] += 1
        where = {"v": 1, "attempt": 1, "type": "metrics", "step": steps[run_id], "epoch": steps[run_id] / 16}
        values = {"accuracy": value, "loss": value, "lr": 0.1, "throughput": 900.0}
        with (home.runs / run_id / EVENTS).open("ab") as file:
            file.write(encode({**where, "elapsed": float(steps[run_id]), "split": "val", "values": values}))

    def work() -> None:
        while not ending.wait(every):
            for run_id in ids:
                beat(home, run_id, steps[run_id])
                add(run_id, 0.5)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield add
    finally:
        ending.set()
        thread.join()


def live_runs(home: Home, repeats: int) -> None:
    newest = max(home.runs.iterdir(), key=lambda path: int(path.name.rpartition("-")[2])).name
    with writing(home) as add, app(home) as terminal:
        terminal.until(lambda shown: f"{LIVE_RUNS} running" in shown)
        terminal.press(" \x1b[B" * LIVE_RUNS)  # all that can be told apart are marked: their curves are on screen
        reading(terminal, SETTLE)
        process = psutil.Process(terminal.process.pid)
        used = process.cpu_times()
        reading(terminal, WATCH)
        now = process.cpu_times()
        share = (now.user + now.system - used.user - used.system) / WATCH
        say("processor, ten live runs, their curves shown", f"{share:.1%} of a core", "")
        terminal.press("u")
        reading(terminal, SETTLE)
        used = process.cpu_times()
        reading(terminal, WATCH)
        now = process.cpu_times()
        share = (now.user + now.system - used.user - used.system) / WATCH
        say("processor, ten live runs", f"{share:.1%} of a core", "under 3 %")
        say("resident memory, ten live runs", f"{process.memory_info().rss / 2**20:.0f} MB", "under 150 MB")
        taken = []
        terminal.press("\x1b[H")
        reading(terminal, 2)
        for number in range(repeats):
            value = 0.9901 + number / 1000  # the best so far: the legend keeps it
            begun = time.perf_counter()
            add(newest, value)
            terminal.until(lambda shown, value=value: f"{value:.4f}" in shown)  # type: ignore[misc]
            taken.append(time.perf_counter() - begun)
        say("from an event to its curve", f"{statistics.median(taken):.2f} s, most {max(taken):.2f} s", "under 1 s")
        leave(terminal)


def reading(terminal: Terminal, seconds: float) -> None:
    """Let time pass as a terminal does: taking what is written."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        terminal.read()


if __name__ == "__main__":
    main()
