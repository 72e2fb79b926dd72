"""The machine as text that fits where it is put: its name, CPU, memory and disk, the GPUs, or why there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import RenderResult
from textual.geometry import Size
from textual.widget import Widget

from labapp.output import one_line
from labapp.widgets.gauges import (
    FREE,
    LETTERS,
    OTHERS,
    OURS,
    UNKNOWN,
    USED,
    WORDS,
    Look,
    bar,
    beside,
    columns_of,
    fitted,
    gib,
    percent,
    spread,
    trace,
)
from labapp.widgets.gpu_cards import gpu_lines, unknown_words
from sessions.machine.sampler import ROOM_NEEDED, Machine, Memory

SCARCE = 0.08  # share of memory, or of files on the disk, below which it is in trouble
TALL = 24  # lines from which CPU, memory and disk have a bar each
TWO_COLUMNS = 120  # cells from which these stand side by side
WORD_STYLES = ("calm", "live", "trouble")
LABEL = 6  # cells of a bar's name


class Meters(Widget):
    """Shows a machine in at most `room` lines, if it can; is as high as it needs."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"meters--{name}" for name in ("ours", "others", "unknown", "free", "used", "strong", "calm", "live", "trouble")
    }
    DEFAULT_CSS = """
    Meters {
        height: auto; width: 1fr; padding: 0 1;
        & > .meters--ours { color: $accent; background: $accent 55%; }
        & > .meters--others { color: $warning; background: $warning 40%; }
        & > .meters--unknown { color: $secondary; background: $secondary 35%; }
        & > .meters--free { color: $text-muted; background: $panel; }
        & > .meters--used { color: $primary; background: $primary 50%; }
        & > .meters--strong { text-style: bold; }
        & > .meters--calm { color: $text-muted; }
        & > .meters--live { color: $accent; }
        & > .meters--trouble { color: $error; text-style: bold; }
    }
    """

    def __init__(self, *, id: str | None = None):
        super().__init__(id=id)
        self.machine: Machine | None = None
        self.room = TALL
        self.per_cpu = 1
        self.runs: Mapping[str, Sequence[str]] = {}
        self.names: Mapping[str, str] = {}
        self._text = Text("looking at the machine...")

    def show(self, machine: Machine | None, room: int, **about: object) -> None:
        """What to show, and in how many lines if possible; `about`: per_cpu, runs (by GPU), names (of runs)."""
        self.machine, self.room = machine, room
        for name, value in about.items():
            setattr(self, name, value)
        self.draw()

    def draw(self) -> None:
        """Make the text anew; what is the same is not painted again."""
        width = self.content_size.width
        if self.machine is None or width <= 0:
            return
        lines = machine_lines(
            self.machine, width, self.room, self.look(), per_cpu=self.per_cpu, runs=self.runs, names=self.names
        )
        text = Text("\n", no_wrap=True).join(lines)
        if text != self._text:
            height = self._text.plain.count("\n")
            self._text = text
            self.refresh(layout=height != text.plain.count("\n"))

    def look(self) -> Look:
        """Parts of bars have a colour behind them, words have not."""
        styles = {name.removeprefix("meters--"): self.get_component_rich_style(name) for name in self.COMPONENT_CLASSES}
        words = {name: Style(color=styles[name].color, bold=styles[name].bold) for name in WORD_STYLES}
        words["strong"] = Style(bold=True)
        return Look(**{**styles, **words}, ascii=bool(getattr(self.app, "ascii", False)))

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self.is_mounted:
            self.draw()

    def on_resize(self) -> None:
        self.draw()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self._text.plain.count("\n") + 1

    def render(self) -> RenderResult:
        return self._text


def machine_lines(
    machine: Machine, width: int, room: int, look: Look, *, per_cpu: int = 1,
    runs: Mapping[str, Sequence[str]] | None = None, names: Mapping[str, str] | None = None,
) -> list[Text]:  # fmt: skip
    """Everything about a machine, each line within the width, in about so many lines."""
    tall = room >= TALL
    lines = [_head(machine, width, look)]
    lines += _system_tall(machine, width, look) if tall else _system_short(machine, width, look)
    if not machine.cards:
        return lines + [Text()] * tall + _without_gpu(machine, width, look, per_cpu)
    words = unknown_words(machine.cards)
    lines += [Text()] if tall else []
    used = len(lines) + bool(words)
    lines += gpu_lines(machine.cards, width, room - used, look, runs=runs, names=names)
    return lines + ([fitted(Text(f"not told by NVML: {words}", look.calm), width)] if words else [])


def _head(machine: Machine, width: int, look: Look) -> Text:
    text = Text(no_wrap=True).append(one_line(machine.host.split(".")[0]), look.strong)
    if machine.cards:
        names = {card.name.removeprefix("NVIDIA ") for card in machine.cards}
        idle = sum(card.idle and card.visible for card in machine.cards)
        kind = one_line(names.pop()) if len(names) == 1 else "GPUs"
        text.append(f"  {len(machine.cards)} x {kind}, {idle} idle")
    if machine.uptime is not None:
        text.append(f"  up {_long(machine.uptime)}", look.calm)
    if machine.gpus.driver:
        text.append(f"  driver {one_line(machine.gpus.driver)}", look.calm)
    return spread(text, _legend(look) if machine.cards else Text(), width)


def _legend(look: Look) -> Text:
    text = Text(no_wrap=True)
    for part in (OURS, OTHERS, UNKNOWN, FREE):
        text.append("  " if text.plain else "").append(LETTERS[part] * 2, look.of(part)).append(f" {WORDS[part]}")
    return text


def _long(seconds: float) -> str:
    if seconds >= 86_400:
        return f"{seconds // 86_400:.0f} d"
    return f"{seconds // 3600:.0f} h" if seconds >= 3600 else f"{seconds // 60:.0f} min"


def _system_short(machine: Machine, width: int, look: Look) -> list[Text]:
    """In one line if there is room, else two; the cores have what is left of the first."""
    others = [_memory_words("ram", machine.memory, look)] if machine.memory else []
    others.append(_disk_words(machine, look))
    taken = sum(3 + each.cell_len for each in others)
    if taken + _cpu_words(machine, look, 0).cell_len > width:
        taken -= 3 + others[-1].cell_len
    lines = [_cpu_words(machine, look, width - taken)]
    for part in others:
        if lines[-1].cell_len + 3 + part.cell_len > width:
            lines.append(part)
        else:
            lines[-1].append("   ").append_text(part)
    return [fitted(line, width) for line in lines]


def _system_tall(machine: Machine, width: int, look: Look) -> list[Text]:
    """A bar each, in two columns where there is room."""
    columns = 2 if width >= TWO_COLUMNS else 1
    each = (width - 3 * (columns - 1)) // columns
    size = max(4, min(40, each // 3))
    cpu, ram, swap, disk = machine.cpu, machine.memory, machine.swap, machine.disk
    rows = [
        _bar_line(
            "cpu", cpu.total or 0.0, 1.0, size, _cpu_words(machine, look, each - LABEL - size + 3)[5:], each, look
        )
    ]
    minute = Text(" " * LABEL, no_wrap=True).append(trace(cpu.recent, size, look.ascii), look.live)
    rows.append(fitted(minute.append("  the last minute", look.calm), each))
    if ram:
        rows.append(_bar_line("ram", ram.used, ram.total, size, _memory_words("", ram, look), each, look))
    if swap:
        rows.append(_bar_line("swap", swap.used, swap.total, size, _memory_words("", swap, look), each, look))
    used = disk.total - disk.free if disk else 0
    rows.append(_bar_line("disk", used, disk.total if disk else 0, size, _disk_words(machine, look)[5:], each, look))
    if columns == 1:
        return rows
    return beside([rows[:2], rows[2:]], [each, each], 3)


def _bar_line(name: str, used: float, total: float, size: int, words: Text, width: int, look: Look) -> Text:
    line = Text(no_wrap=True).append(f"{name:<{LABEL}}", look.strong)
    return fitted(line.append_text(bar([(USED, used)], total, size, look)).append("  ").append_text(words), width)


def _cpu_words(machine: Machine, look: Look, width: int) -> Text:
    """With the load, and a character for each core, as far as there is room."""
    cpu = machine.cpu
    number = f"{cpu.allowed:.0f}" if cpu.allowed == int(cpu.allowed) else f"{cpu.allowed:.1f}"
    text = _named("cpu", look).append(f"{percent(cpu.total)} of {number} core{'s' * (cpu.allowed != 1)}")
    for words in (f" (of {cpu.machine})" if cpu.allowed < cpu.machine else "", _load(machine)):
        if text.cell_len + len(words) <= width:
            text.append(words, look.calm)
    if cpu.cores and width > text.cell_len + 4:
        text.append("  ").append(columns_of(cpu.cores, width - text.cell_len - 2, look.ascii), look.live)
    return text


def _named(name: str, look: Look) -> Text:
    return Text(no_wrap=True).append(f"{name:<5}" if name else "", look.strong)


def _load(machine: Machine) -> str:
    return f"  load {machine.cpu.load[0]:.1f}" if machine.cpu.load else ""


def _memory_words(name: str, memory: Memory, look: Look) -> Text:
    scarce = memory.available < SCARCE * memory.total and not memory.swap
    words = f"{gib(memory.used)}/{gib(memory.total)} GiB"
    text = _named(name, look).append(words, look.trouble if scarce else "")
    return text.append(" (limited)" if memory.limited else "", look.calm)


def _disk_words(machine: Machine, look: Look) -> Text:
    text, disk = _named("disk", look), machine.disk
    if disk is None:
        return text.append(f"- ({one_line(machine.disk_problem)})", look.calm)
    text.append(f"{gib(disk.free)} GiB free", look.trouble if disk.free < ROOM_NEEDED else "")
    if disk.files_free < SCARCE:
        return text.append(f", {disk.files_free:.0%} of its files", look.trouble)
    return text.append(f" of {gib(disk.total)}")


def _without_gpu(machine: Machine, width: int, look: Look, per_cpu: int) -> list[Text]:
    why = one_line(machine.gpus.problem) or "NVML lists none"
    times = "one at a time" if per_cpu == 1 else f"{per_cpu} at a time"
    return [
        fitted(Text(no_wrap=True).append("no GPU can be seen: ", look.strong).append(why), width),
        fitted(Text(f"runs go to the CPU, {times}; labapp doctor says more", look.calm), width),
    ]
