"""MathQA's own archive: fetched or brought along, verified, read in its zip without unpacking anything."""

from __future__ import annotations

import functools
import hashlib
import json
import threading
import warnings
import zipfile
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engine.errors import LabError
from engine.mathqa import archive
from engine.mathqa.archive import NAME, PUBLISHED, check, fetch, open_archive
from engine.mathqa.corpus import MathData
from tests.engine.mathqa.problems import Choices, original

Members = dict[str, bytes]


def silent(done: int, total: int) -> None:
    pass


def problems(count: int, start: int = 0) -> bytes:
    made = [
        original(f"a ) 1 , b ) {number + 5}", Problem=f"what is {number + 2} more than 3 ?")
        for number in range(start, start + count)
    ]
    return json.dumps(made).encode()


def small() -> dict[str, bytes]:
    lists = {"operation_list.txt": b"add\n", "constant_list.txt": b"const_1\n", "challenge_test.json": b"[]"}
    return {"train.json": problems(6), "dev.json": problems(2, 6), "test.json": problems(3, 8), **lists}


def write(path: Path, members: Members) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        warnings.simplefilter("ignore")  # two members of one name
        for name, content in members.items():
            zipped.writestr(name.rstrip("!"), content)
    return path


class Home:
    """A labapp home with an archive in its place."""

    def __init__(self, root: Path):
        self.cache = root / "cache"
        self.archive = root / "data" / "mathqa" / NAME
        self.said: list[str] = []

    def open(self, **choices: object) -> MathData:
        return open_archive("mathqa", Choices(**choices), self.cache, self.said.append)  # type: ignore[arg-type]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


class TestOpening:
    def test_its_files_are_the_splits(self, home: Home) -> None:
        write(home.archive, small())
        data = home.open()
        assert data.counts == {"train": 6, "val": 2, "test": 3}
        first = data.split("test")[0]
        assert (first.text, first.formula, first.answer) == ("what is 10 more than 3 ?", "add(n0,n1)", 13.0)
        assert first.origin == "test.json#0"

    @pytest.mark.parametrize("folder", ["MathQA/", "some/where/", "../../up/", "/absolute/"])
    def test_in_whatever_folder_they_are_and_nothing_is_unpacked(self, home: Home, tmp_path: Path, folder: str) -> None:
        made = {folder + name: content for name, content in small().items()}
        write(home.archive, made | {"__MACOSX/MathQA/train.json": b"\0\0"})
        before = sorted(tmp_path.rglob("*"))
        assert home.open().counts == {"train": 6, "val": 2, "test": 3}
        assert sorted(tmp_path.rglob("*")) == before

    def test_valid_is_a_name_of_dev(self, home: Home) -> None:
        made = small()
        made["valid.json"] = made.pop("dev.json")
        write(home.archive, made)
        assert home.open().counts["val"] == 2

    @pytest.mark.parametrize("broken", ["refuse", "skip"])
    def test_wrong_entries_are_left_out_and_counted_since_nobody_can_mend_them(self, home: Home, broken: str) -> None:
        entries = [*json.loads(problems(3)), original(correct="z"), original(linear_formula="cosine(n0)")]
        write(home.archive, small() | {"train.json": json.dumps(entries).encode()})
        assert home.open(broken=broken).counts["train"] == 3
        assert "train.json: left out: 2 wrong entries of 5" in home.said
        found = check("mathqa", Choices(), home.cache, print)
        assert "train.json, entry 4: step 1: unknown operation 'cosine'" in found
        assert "a training leaves wrong entries out" in found
        assert not [line for line in found if "broken" in line]
        assert "problems: train 3, val 2, test 3" in found

    def test_programs_that_are_wrong_are_kept_and_told(self, home: Home) -> None:
        entries = [*json.loads(problems(3)), original(correct="a")]
        write(home.archive, small() | {"test.json": json.dumps(entries).encode()})
        data = home.open()
        assert data.counts["test"] == 4
        assert "test.json: gold programs that execute to the answer: 75.00%" in data.findings


class TestOtherArchives:
    def test_one_that_is_not_here_names_both_ways_to_get_it(self, home: Home) -> None:
        for action in (home.open, lambda: check("mathqa", Choices(), home.cache, print)):
            with pytest.raises(LabError, match="not here yet") as failure:
                action()
            assert "labapp data fetch mathqa --from FILE" in str(failure.value.hint)
            assert str(home.archive) in str(failure.value.got)

    @pytest.mark.parametrize(
        ("missing", "added", "got"),
        [
            ("train.json", {}, "0 files called train.json"),
            ("dev.json", {}, "0 files called dev.json or valid.json or val.json"),
            ("", {"other/test.json": b"[]"}, "2 files called test.json"),
            ("", {"test.json!": b"[]"}, "2 files called test.json"),
        ],
    )
    def test_one_with_other_members_is_refused(self, home: Home, missing: str, added: Members, got: str) -> None:
        write(home.archive, {name: content for name, content in small().items() if name != missing} | added)
        with pytest.raises(LabError, match="cannot be read") as failure:
            home.open()
        assert got in str(failure.value.got)
        assert "fetch it again" in str(failure.value.hint)

    @pytest.mark.parametrize("keep", [0.3, 0.9, 0.0])
    def test_a_cut_one_is_refused(self, home: Home, keep: float) -> None:
        content = write(home.archive, small()).read_bytes()
        home.archive.write_bytes(content[: int(keep * len(content))])
        with pytest.raises(LabError, match="cannot be read"):
            home.open()

    def test_damaged_bytes_are_noticed(self, home: Home) -> None:
        content = bytearray(write(home.archive, small()).read_bytes())
        content[60:90] = bytes(30)
        home.archive.write_bytes(content)
        with pytest.raises(LabError, match="cannot be read"):
            home.open()

    def test_a_member_that_swells_is_not_read_to_its_end(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(archive, "LARGEST", 10_000)
        monkeypatch.setattr("engine.mathqa.formats.LARGEST", 10_000)
        write(home.archive, small() | {"train.json": b" " * 10**6 + problems(1)})
        with pytest.raises(LabError, match="too large"):
            home.open()

    def test_a_member_that_is_no_list_of_problems_is_refused(self, home: Home) -> None:
        write(home.archive, small() | {"dev.json": b'{"Problem": '})
        with pytest.raises(LabError, match="not JSON"):
            home.open()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server that has `served/MathQA.zip`."""
    write(tmp_path / "served" / NAME, small())
    handler = functools.partial(Quiet, directory=str(tmp_path / "served"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}/{NAME}"
        serving.shutdown()
        thread.join()


class TestFetching:
    def test_what_a_server_has_is_downloaded_and_opened(self, server: str, home: Home, tmp_path: Path) -> None:
        content = (tmp_path / "served" / NAME).read_bytes()
        seen: list[tuple[int, int]] = []
        target = fetch(
            home.archive.parent,
            None,
            lambda done, total: seen.append((done, total)),
            url=server,
            sha256=hashlib.sha256(content).hexdigest(),
        )
        assert target == home.archive
        assert seen[-1] == (len(content), len(content))
        assert home.open().counts["train"] == 6

    def test_another_file_than_the_published_one_is_not_taken(self, server: str, home: Home) -> None:
        with pytest.raises(LabError, match="not the expected file") as failure:
            fetch(home.archive.parent, None, silent, url=server)
        assert PUBLISHED.sha256 in str(failure.value.expected)
        assert not home.archive.exists()

    def test_a_file_the_user_has_is_verified_and_taken_over(self, home: Home, tmp_path: Path) -> None:
        source = write(tmp_path / "usb stick" / "any name", small())
        right = hashlib.sha256(source.read_bytes()).hexdigest()
        assert fetch(home.archive.parent, source, silent, sha256=right) == home.archive
        assert home.open().counts["test"] == 3

    def test_a_wrong_file_stays_the_users_and_is_not_taken(self, home: Home, tmp_path: Path) -> None:
        source = write(tmp_path / "wrong", small())
        with pytest.raises(LabError, match="not MathQA's archive") as failure:
            fetch(home.archive.parent, source, silent)
        assert PUBLISHED.sha256 in str(failure.value.expected)
        assert source.exists()
        assert not home.archive.exists()

    def test_the_page_and_the_checksum_are_the_published_ones(self) -> None:
        assert PUBLISHED.url == "https://math-qa.github.io/math-QA/data/MathQA.zip"
        assert PUBLISHED.sha256 == "7344f30456a7aef3176d4866cc953b35b41bec44eda6b00cdbcfde2876b2f07a"
        assert PUBLISHED.size == 7_302_821
