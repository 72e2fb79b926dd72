"""Resumable downloads with a checksum: pooch does the verifying and moving, the downloader here does the resuming.

What has arrived is kept in `<name>.part`, with the server's validator (RFC 9110: ETag, or Last-Modified) beside it.
The next attempt asks for the rest with Range and If-Range; a server that does not know ranges, or whose file has
changed, sends everything and the part starts over.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import filelock
import pooch
import requests
import urllib3

from engine.errors import LabError
from engine.files import explained

BLOCK = 2**18  # bytes read at once
TIMEOUT = (10.0, 60.0)  # seconds to connect, and between two arrivals
ATTEMPTS = 5  # in one call, as long as each brings something new
ELSEWHERE = "try again later; or get the file elsewhere and use --from FILE"
HINT = "labapp continues where it stopped when run again; without a network: --from FILE"

Progress = Callable[[int, int], None]  # (bytes here, bytes in all, or 0 if the server does not say)


def download(url: str, sha256: str, size: int, target: Path, progress: Progress) -> Path:
    """Fetch `url` into `target`, unless it is there already and right. The wrong content never gets that name.

    More than `size` bytes are never taken, whatever the server sends.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise LabError("not an address that labapp downloads from", got=url, expected="http:// or https://")
    with explained(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(target.with_name(f".{target.name}.lock"))
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise LabError(
                "already being downloaded by another process", got=str(target), hint="wait for it"
            ) from error
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)  # progress says what pooch would
    try:
        resuming = _Resuming(target, size, progress)
        pooch.retrieve(url, f"sha256:{sha256}", fname=target.name, path=target.parent, downloader=resuming)
    except ValueError as error:  # pooch has removed the file
        raise LabError(
            "the download is not the expected file",
            got=f"{url}: {_wrong_hash(error)}",
            expected=f"SHA-256 {sha256}",
            hint=ELSEWHERE,
        ) from error
    finally:
        logger.setLevel(level)
        lock.release()
    return target


class _Resuming:
    """A pooch downloader: called with the address and the temporary file that pooch will verify."""

    def __init__(self, target: Path, most: int, progress: Progress):
        self._part = target.with_name(target.name + ".part")
        self._note = target.with_name(target.name + ".part.json")
        self._most = most  # bytes
        self._progress = progress

    def __call__(self, url: str, output_file: Any, pooch_or_none: Any = None) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            before = self._size()
            try:
                self._attempt(url)
                break
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                if attempt == ATTEMPTS or self._size() <= before:
                    raise self._failure(url, error) from error
        with explained(self._part):
            self._part.replace(output_file)
            self._note.unlink(missing_ok=True)

    def _size(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _attempt(self, url: str) -> None:
        """One request; returns when everything has arrived."""
        have = self._size()
        validator = self._validator(url)
        headers = {"Accept-Encoding": "identity"}  # bytes as they are, else ranges would mean something else
        if have:
            headers["Range"] = f"bytes={have}-"
            headers |= {"If-Range": validator} if validator else {}
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            if response.status_code == 416:  # the part is not shorter than the file: it belongs to another one
                with explained(self._part):
                    self._part.unlink()
                raise requests.ConnectionError("the server has no rest of the part kept here; it was removed")
            response.raise_for_status()
            first, total = _range(response)
            if first not in (0, have):
                raise requests.ConnectionError(f"the server sent bytes from {first:,} on, asked for from {have:,} on")
            self._receive(response, url, first, total)

    def _receive(self, response: requests.Response, url: str, have: int, total: int) -> None:
        if total > self._most:
            raise self._larger(url)
        with explained(self._part):
            note = {"url": url, "validator": _strong_validator(response)}
            self._note.write_text(json.dumps(note))
        with explained(self._part), self._part.open("ab" if have else "wb") as file:
            self._progress(have, total)
            for block in response.raw.stream(BLOCK, decode_content=False):
                have += len(block)
                if have > self._most:
                    raise self._larger(url)
                file.write(block)
                self._progress(have, max(total, have) if total else 0)
        if have < total:
            raise requests.ConnectionError(f"the connection ended after {have:,} of {total:,} bytes")

    def _validator(self, url: str) -> str | None:
        """What the server called the version of which a part is here."""
        try:
            note = json.loads(self._note.read_text())
            return note["validator"] if note["url"] == url else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _larger(self, url: str) -> LabError:
        """What is here belongs to another file: it is removed."""
        with explained(self._part):
            self._part.unlink(missing_ok=True)
            self._note.unlink(missing_ok=True)
        return LabError(
            "the download is not the expected file",
            got=f"{url}: more than {self._most:,} bytes",
            expected=f"{self._most:,} bytes",
            hint=ELSEWHERE,
        )

    def _failure(self, url: str, error: Exception) -> LabError:
        response = getattr(error, "response", None)
        if response is not None:
            return LabError(
                "the server does not give the file",
                got=f"{url}: {response.status_code} {response.reason}",
                hint=ELSEWHERE,
            )
        kept = f" ({self._size():,} bytes are kept in {self._part})" if self._size() else ""
        return LabError("the download failed", got=f"{url}: {error}{kept}", expected="a connection", hint=HINT)


def _range(response: requests.Response) -> tuple[int, int]:
    """First byte sent and size of the whole file (0 = unknown)."""
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "").strip())
    if response.status_code == 206 and found:
        return int(found[1]), 0 if found[2] == "*" else int(found[2])
    return 0, int(response.headers.get("Content-Length", 0))


def _strong_validator(response: requests.Response) -> str | None:
    """If-Range wants an exact one: a weak ETag (W/...) does not do."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified")


def _wrong_hash(error: ValueError) -> str:
    """pooch's message ends: ... Expected '...' but got '...'."""
    found = re.search(r"[0-9a-f]{64}(?!.*[0-9a-f]{64})", str(error), re.DOTALL)
    return f"SHA-256 {found[0]}" if found else str(error)
