"""TensorBoard event files: scalars of every split with step and wall time, final metrics, and the configuration.

The package `tensorboard` has the messages and the checksums; TensorFlow is not needed, and not imported. A run is a
folder, a split a folder in it, so TensorBoard shows `RUN/train` beside `RUN/val`. Format: TFRecord of Event messages.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import tomlkit

from engine.errors import LabError, UsageError
from engine.files import explained
from sessions.exchange.portable import config_to_share
from sessions.exchange.tables import moments
from sessions.run.history import History
from sessions.run.records import EVENTS, number_of
from sessions.run.runs import Run

FILE = "events.out.tfevents."
RUNNING = "running/"  # before the name of a metric: averages within an epoch
FINAL = "final/"
EXPERIMENT, SESSION = "_hparams_/experiment", "_hparams_/session_start_info"


class Library(NamedTuple):
    """The parts of the package that are used, loaded when they are."""

    event: Any
    summary: Any
    tensor: Any
    types: Any
    writer: Any
    hparams: Any
    plugin_data: Any


def library() -> Library:
    """The package; LabError that says how to get it where it is not installed."""
    try:
        from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, types_pb2
        from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2
        from tensorboard.summary.writer.record_writer import RecordWriter
    except ImportError as error:
        raise LabError(
            "the package tensorboard is not installed",
            got=str(error),
            expected="labapp's extra `tensorboard`",
            hint="pip install 'labapp[tensorboard]', or pip install tensorboard; csv needs nothing",
        ) from error
    return Library(event_pb2, summary_pb2, tensor_pb2, types_pb2, RecordWriter, api_pb2, plugin_data_pb2)


class TimedHistory(History):
    """A history that remembers when each moment was, too."""

    def _forget(self) -> None:
        super()._forget()
        self.times: dict[tuple[str, int], float] = {}

    def _measure(self, event: dict[str, Any], step: int) -> None:
        super()._measure(event, step)
        self.times[str(event.get("split")), step] = number_of(event, "time")


def write_run(run: Run, folder: Path, *, replace: bool = False) -> list[Path]:
    """Write the event files of a run into a folder of its own. UsageError when there are some already, unless they are
    to be replaced."""
    tools, config = library(), config_to_share(run)
    if replace:
        _remove_events(folder)
    elif any(folder.glob(f"**/{FILE}*")):
        raise UsageError("there are event files already", got=str(folder), expected="another --out, or --force")
    history = TimedHistory(run.path / EVENTS)
    history.refresh()
    final = run.metrics if run.record.result else {}
    splits = list(dict.fromkeys([*(split for split, _ in history.series), *(s for s, v in final.items() if v)]))
    files = []
    for split in splits:
        events = [*_scalars(tools, history, split), *_finals(tools, run, final.get(split, {}))]
        files.append(_write(tools, folder / split, sorted(events, key=lambda each: each.wall_time)))
    files.append(_write(tools, folder, list(_about(tools, run, config, final))))
    return files


def _remove_events(folder: Path) -> None:
    """Take old event files away, and nothing else."""
    for path in folder.glob(f"**/{FILE}*"):
        with explained(path):
            path.unlink()


def _scalars(tools: Library, history: TimedHistory, split: str) -> Iterator[Any]:
    for (of, name), series in history.series.items():
        if of == split:
            for step, _, elapsed, value, partial in moments(series):
                wall = history.times.get((split, step)) or elapsed
                yield _event(tools, wall, step, f"{RUNNING if partial else ''}{name}", value)


def _finals(tools: Library, run: Run, values: dict[str, float]) -> Iterator[Any]:
    ended = number_of(run.record.result, "ended") or run.created + run.seconds
    for name, value in values.items():
        yield _event(tools, ended, run.step, f"{FINAL}{name}", value)


def _event(tools: Library, wall: float, step: int, tag: str, value: float) -> Any:
    summary = tools.summary.Summary(value=[tools.summary.Summary.Value(tag=tag, simple_value=value)])
    return tools.event.Event(wall_time=wall, step=step, summary=summary)


def _about(tools: Library, run: Run, config: dict[str, Any], final: dict[str, dict[str, float]]) -> Iterator[Any]:
    """The settings as hyper-parameters, with the final metrics to compare them by, and the configuration as text."""
    settings: dict[str, Any] = config["settings"]
    api, began = tools.hparams, run.created
    metrics = [
        api.MetricInfo(name=api.MetricName(group=split, tag=f"{FINAL}{name}"))
        for split, values in final.items()
        for name in values
    ]
    infos = [api.HParamInfo(name=name, type=_type(api, value)) for name, value in settings.items()]
    experiment = api.Experiment(name="labapp", time_created_secs=began, hparam_infos=infos, metric_infos=metrics)
    session = tools.plugin_data.SessionStartInfo(group_name=run.id, start_time_secs=began)
    for name, value in settings.items():
        if isinstance(value, bool):
            session.hparams[name].bool_value = value
        elif isinstance(value, (int, float)):
            session.hparams[name].number_value = value
        else:
            session.hparams[name].string_value = str(value)
    data = tools.plugin_data.HParamsPluginData
    for tag, content in (
        (EXPERIMENT, data(version=0, experiment=experiment)),
        (SESSION, data(version=0, session_start_info=session)),
    ):
        yield _tensor(tools, began, tag, "hparams", content.SerializeToString(), None)
    words = "\n".join(f"    {line}" for line in tomlkit.dumps(config).splitlines())  # Markdown: as it stands
    yield _tensor(tools, began, "configuration", "text", b"", words.encode())


def _type(api: Any, value: Any) -> Any:
    if isinstance(value, bool):
        return api.DATA_TYPE_BOOL
    return api.DATA_TYPE_FLOAT64 if isinstance(value, (int, float)) else api.DATA_TYPE_STRING


def _tensor(tools: Library, wall: float, tag: str, plugin: str, content: bytes, text: bytes | None) -> Any:
    """A value that a plugin of TensorBoard's reads."""
    kind = tools.summary.SummaryMetadata
    metadata = kind(plugin_data=kind.PluginData(plugin_name=plugin, content=content))
    tensor = (
        tools.tensor.TensorProto(dtype=tools.types.DT_FLOAT, float_val=[0.0])
        if text is None
        else tools.tensor.TensorProto(dtype=tools.types.DT_STRING, string_val=[text])
    )
    value = tools.summary.Summary.Value(tag=tag, tensor=tensor, metadata=metadata)
    return tools.event.Event(wall_time=wall, step=0, summary=tools.summary.Summary(value=[value]))


def _write(tools: Library, folder: Path, events: list[Any]) -> Path:
    """One file, whole or not at all: written beside and renamed."""
    path = folder / f"{FILE}{int(events[0].wall_time if events else time.time())}.labapp"
    beside = folder / f".{path.name}.partial"
    with explained(path):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with beside.open("wb") as file:
                writer = tools.writer(file)
                first = events[0].wall_time if events else 0.0
                for event in (tools.event.Event(wall_time=first, file_version="brain.Event:2"), *events):
                    writer.write(event.SerializeToString())
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    return path
