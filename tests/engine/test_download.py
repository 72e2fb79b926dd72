"""Downloads against a server on the loopback interface: whole, resumed, refused, wrong."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engine import download as module
from engine.download import download
from engine.errors import LabError

CONTENT = bytes(range(256)) * 4_096  # 1 MiB
SHA256, SIZE = hashlib.sha256(CONTENT).hexdigest(), len(CONTENT)


class Server(ThreadingHTTPServer):
    """Serves CONTENT at any path, and remembers what it was asked and how much it sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = CONTENT
        self.etag: str | None = '"first"'
        self.ranges = True  # whether Range is understood
        self.says_size = True
        self.break_after: list[int] = []  # bytes after which the next answers break off
        self.status = 200
        self.asked: list[str | None] = []  # the Range of every request
        self.sent: list[int] = []  # bytes of every answer

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/file.tar.gz"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server = self.server
        wanted = self.headers.get("Range")
        server.asked.append(wanted)
        if server.status != 200:
            self.send_error(server.status)
            return
        first = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and server.ranges else 0
        if self.headers.get("If-Range", server.etag) != server.etag:
            first = 0
        total = len(server.content)
        if first >= total:
            self.send_error(416)
            return
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{total - 1}/{total}")
        if server.etag:
            self.send_header("ETag", server.etag)
        if server.says_size:
            self.send_header("Content-Length", str(total - first))
        self.end_headers()
        body = server.content[first:]
        if server.break_after:
            body = body[: server.break_after.pop(0)]
        server.sent.append(len(body))
        with contextlib.suppress(ConnectionError):  # of somebody who has enough
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as serving:
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


def silent(done: int, total: int) -> None:
    pass


@pytest.fixture
def one_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ATTEMPTS", 1)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_a_whole_file_arrives_and_progress_ends_at_its_size(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    target = download(
        server.url, SHA256, SIZE, tmp_path / "new" / "file", lambda done, total: seen.append((done, total))
    )
    assert target.read_bytes() == CONTENT
    assert seen[0] == (0, len(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert names(tmp_path / "new") == ["file"]


def test_what_is_there_already_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(CONTENT)
    download(server.url, SHA256, SIZE, tmp_path / "file", silent)
    assert server.asked == []


@pytest.mark.usefixtures("one_attempt")
def test_an_interrupted_download_is_resumed_by_the_next_call_and_only_the_rest_is_sent(
    server: Server, tmp_path: Path
) -> None:
    server.break_after = [400_000]
    with pytest.raises(LabError) as failure:
        download(server.url, SHA256, SIZE, tmp_path / "file", silent)
    assert "--from FILE" in str(failure.value)
    assert "400,000 bytes are kept" in str(failure.value)
    assert not (tmp_path / "file").exists()

    seen: list[int] = []
    download(server.url, SHA256, SIZE, tmp_path / "file", lambda done, total: seen.append(done))
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.asked == [None, "bytes=400000-"]
    assert server.sent == [400_000, len(CONTENT) - 400_000]
    assert seen[0] == 400_000
    assert names(tmp_path) == ["file"]


def test_a_broken_connection_is_taken_up_again_within_one_call(server: Server, tmp_path: Path) -> None:
    server.break_after = [300_000, 300_000]
    download(server.url, SHA256, SIZE, tmp_path / "file", silent)
    assert server.asked == [None, "bytes=300000-", "bytes=600000-"]
    assert sum(server.sent) == len(CONTENT)


def test_a_server_that_never_sends_anything_new_is_given_up(server: Server, tmp_path: Path) -> None:
    server.break_after = [1_000, 0, 0]
    with pytest.raises(LabError, match="download failed"):
        download(server.url, SHA256, SIZE, tmp_path / "file", silent)
    assert len(server.asked) == 2


@pytest.mark.usefixtures("one_attempt")
def test_a_server_without_ranges_starts_over(server: Server, tmp_path: Path) -> None:
    server.break_after, server.ranges = [400_000], False
    with pytest.raises(LabError):
        download(server.url, SHA256, SIZE, tmp_path / "file", silent)
    download(server.url, SHA256, SIZE, tmp_path / "file", silent)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.sent == [400_000, len(CONTENT)]


@pytest.mark.usefixtures("one_attempt")
def test_a_file_that_changed_in_between_starts_over(server: Server, tmp_path: Path) -> None:
    server.content, server.break_after = bytes(len(CONTENT)), [400_000]
    with pytest.raises(LabError):
        download(server.url, SHA256, SIZE, tmp_path / "file", silent)
    server.content, server.etag = CONTENT, '"second"'
    download(server.url, SHA256, SIZE, tmp_path / "file", silent)
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.usefixtures("one_attempt")
def test_a_part_longer_than_the_file_is_thrown_away(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT + b"more")
    with pytest.raises(LabError, match="download failed"):
        download(server.url, SHA256, SIZE, tmp_path / "file", silent)
    download(server.url, SHA256, SIZE, tmp_path / "file", silent)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_wrong_content_is_removed_and_the_error_names_both_hashes(server: Server, tmp_path: Path) -> None:
    server.content = CONTENT[:-1] + b"?"
    with pytest.raises(LabError) as failure:
        download(server.url, SHA256, SIZE, tmp_path / "file", silent)
    assert failure.value.got is not None
    assert hashlib.sha256(server.content).hexdigest() in failure.value.got
    assert SHA256 in str(failure.value.expected)
    assert names(tmp_path) == []


@pytest.mark.parametrize("says_size", [True, False])
def test_no_more_than_the_files_size_is_taken_from_a_server_that_does_not_end(
    server: Server, tmp_path: Path, says_size: bool
) -> None:
    server.content, server.says_size = CONTENT * 20, says_size
    seen: list[int] = []
    with pytest.raises(LabError, match="not the expected file") as failure:
        download(server.url, SHA256, SIZE, tmp_path / "file", lambda done, total: seen.append(done))
    assert f"more than {SIZE:,} bytes" in str(failure.value.got)
    assert max(seen, default=0) <= SIZE
    assert len(server.asked) == 1
    assert names(tmp_path) == []


def test_a_refused_connection_names_the_way_without_a_network(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound but not listening
        with pytest.raises(LabError) as failure:
            download(f"http://127.0.0.1:{closed.getsockname()[1]}/file", SHA256, SIZE, tmp_path / "file", silent)
    assert "--from FILE" in str(failure.value.hint)
    assert names(tmp_path) == []


def test_a_missing_page_is_reported_with_its_status(server: Server, tmp_path: Path) -> None:
    server.status = 404
    with pytest.raises(LabError, match="404"):
        download(server.url, SHA256, SIZE, tmp_path / "file", silent)
    assert len(server.asked) == 1


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/file", "/etc/passwd"])
def test_only_web_addresses_are_fetched(url: str, tmp_path: Path) -> None:
    with pytest.raises(LabError, match="address"):
        download(url, SHA256, SIZE, tmp_path / "file", silent)


def test_a_folder_that_cannot_be_made_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("a file")
    with pytest.raises(LabError, match="occupied"):
        download(server.url, SHA256, SIZE, tmp_path / "occupied" / "file", silent)


def test_a_full_disk_is_said_to_be_full(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.part").symlink_to("/dev/full")
    with pytest.raises(LabError, match="disk is full"):
        download(server.url, SHA256, SIZE, tmp_path / "file", silent)
