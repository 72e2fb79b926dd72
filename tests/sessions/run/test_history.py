"""Following events: costs what is new, copes with half lines, forgets what a resume took back."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.events import NUMBERS, TYPES, decode, encode
from sessions.run.history import History, Series


def metrics(step: int, value: float, *, partial: bool = False, split: str = "val") -> bytes:
    event = {"v": 1, "attempt": 1, "type": "metrics", "step": step, "epoch": step / 10, "elapsed": 1.0}
    return encode({**event, "split": split, "values": {"loss": value}, "partial": partial})


def resume(step: int) -> bytes:
    return encode({"v": 1, "attempt": 2, "type": "resume", "step": step, "epoch": 0, "elapsed": 0, "from_step": step})


def losses(history: History) -> list[tuple[int, float]]:
    series = history.series[("val", "loss")]
    return list(zip(series.steps, series.values, strict=True))


def test_only_what_is_new_is_read(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(metrics(1, 0.5))
    history = History(path)
    assert history.refresh()
    assert not history.refresh()
    with path.open("ab") as file:
        file.write(metrics(2, 0.4))
    assert history.refresh()
    assert losses(history) == [(1, 0.5), (2, 0.4)]


def test_a_half_line_waits_for_its_other_half(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    line = metrics(1, 0.5)
    path.write_bytes(line[:20])
    history = History(path)
    history.refresh()
    assert history.series == {}
    assert history.garbage == 0
    with path.open("ab") as file:
        file.write(line[20:])
    history.refresh()
    assert losses(history) == [(1, 0.5)]


def test_a_resume_takes_back_what_came_after_its_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(metrics(10, 0.5) + metrics(20, 0.4) + metrics(30, 0.3) + resume(20) + metrics(30, 0.35))
    history = History(path)
    history.refresh()
    assert losses(history) == [(10, 0.5), (20, 0.4), (30, 0.35)]


def test_a_half_line_ended_by_a_later_attempt_is_one_damaged_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(metrics(10, 0.5) + metrics(20, 0.4)[:15] + b"\n" + resume(10) + metrics(20, 0.45))
    history = History(path)
    history.refresh()
    assert losses(history) == [(10, 0.5), (20, 0.45)]
    assert history.garbage == 1


def test_another_file_in_its_place_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(metrics(1, 0.5) + metrics(2, 0.4))
    history = History(path)
    history.refresh()
    path.unlink()
    path.write_bytes(metrics(1, 0.9))
    history.refresh()
    assert losses(history) == [(1, 0.9)]


def test_latest_leaves_running_averages_within_an_epoch_out_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(metrics(10, 0.5, split="train") + metrics(15, 0.1, split="train", partial=True))
    history = History(path)
    history.refresh()
    assert history.latest("train") == {"loss": 0.5}
    assert history.latest("train", whole=False) == {"loss": 0.1}


@given(
    values=st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=8),
    cuts=st.lists(st.integers(0, 2000), max_size=6),
)
def test_however_the_file_arrives_the_series_is_the_same(
    tmp_path_factory: object, values: list[float], cuts: list[int]
) -> None:
    import tempfile

    content = b"".join(metrics(step, value) for step, value in enumerate(values))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        history = History(path)
        start = 0
        for cut in [*sorted(min(cut, len(content)) for cut in cuts), len(content)]:
            with path.open("ab") as file:
                file.write(content[start:cut])
            start = cut
            history.refresh()
    found = history.series[("val", "loss")].values
    assert len(found) == len(values)
    assert all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(found, values, strict=True))


odd_values = st.one_of(
    st.none(), st.booleans(), st.text(max_size=3), st.integers(), st.floats(), st.just(10**400), st.just([1]),
    st.dictionaries(st.text(max_size=2), st.one_of(st.floats(), st.text(max_size=2), st.just(10**400)), max_size=2),
)  # fmt: skip


@given(st.binary(max_size=300))
def test_no_line_makes_the_reader_fail(line: bytes) -> None:
    event = decode(line)
    assert event is None or isinstance(event["type"], str)


@example({"values": None}, "metrics")
@given(st.dictionaries(st.sampled_from([*NUMBERS, "split", "values", "message"]), odd_values), st.sampled_from(TYPES))
def test_no_event_makes_the_reader_fail(fields: dict[str, object], type: str) -> None:
    history = History(Path("nowhere"))
    history._take(json.dumps({**fields, "type": type}).encode())
    for split in ("train", "val"):
        history.latest(split)


def test_what_another_thread_is_adding_or_cutting_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(metrics(1, 0.5) + metrics(2, 0.25))
    history = History(path)
    history.refresh()
    series = history.series[("val", "loss")]
    series.values.append(0.125)  # the other columns follow
    assert history.latest("val") == {"loss": 0.25}
    del series.values[1:]
    assert history.latest("val") == {"loss": 0.5}


def test_a_metric_that_appears_meanwhile_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(metrics(1, 0.5))
    history = History(path)
    history.refresh()
    original = Series.last

    def meanwhile(self: Series, *, whole: bool) -> float | None:
        history.series[("val", f"new-{len(history.series)}")] = Series()
        return original(self, whole=whole)

    monkeypatch.setattr(Series, "last", meanwhile)
    assert history.latest("val") == {"loss": 0.5}
