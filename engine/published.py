"""An archive that somebody published: downloaded, or taken from a file the user has, and verified either way."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.errors import LabError
from engine.files import explained, sha256

Progress = Callable[[int, int], None]  # (bytes done, bytes in all)


@dataclass(frozen=True)
class Published:
    """Where an archive is to be had, and what its bytes must be."""

    title: str  # "CIFAR-10's binary archive"
    name: str  # of its file
    url: str
    sha256: str
    size: int  # bytes
    hint: str  # what to take instead of a wrong file

    def fetch(self, folder: Path, from_file: Path | None, progress: Progress) -> Path:
        """Bring the archive into `folder`. It only gets its name after its checksum was found right."""
        target = folder / self.name
        if from_file is not None:
            return self._adopt(from_file, target, progress)
        from engine.download import download

        return download(self.url, self.sha256, self.size, target, progress)

    def _adopt(self, source: Path, target: Path, progress: Progress) -> Path:
        try:
            found = sha256(source)
        except OSError as error:
            raise LabError(
                "the file cannot be read",
                got=f"{source}: {error.strerror}",
                expected=f"{self.name} ({self.size:,} bytes)",
            ) from error
        size = source.stat().st_size
        if found != self.sha256:
            raise LabError(
                f"this is not {self.title}",
                got=f"{source}: {size:,} bytes, SHA-256 {found}",
                expected=f"{self.size:,} bytes, SHA-256 {self.sha256}",
                hint=self.hint,
            )
        with explained(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, beside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
            try:
                with source.open("rb") as original, os.fdopen(handle, "wb") as copy:
                    shutil.copyfileobj(original, copy, 2**22)
                os.replace(beside, target)
            finally:
                Path(beside).unlink(missing_ok=True)
        progress(size, size)
        return target
