"""The laboratory's folder on this machine: where runs, studies, trash, caches and downloaded data lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import platformdirs

from engine.catalogue import Dataset
from engine.errors import UsageError
from engine.files import explained, path_of


@dataclass(frozen=True)
class Home:
    """$LABAPP_HOME. Created on first use, readable by its owner only."""

    root: Path

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def trash(self) -> Path:
        return self.root / "trash"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def studies(self) -> Path:
        """A folder for each study that was launched; and definitions of the user's own, as NAME.toml."""
        return self.root / "studies"

    @property
    def exports(self) -> Path:
        """What was written for several runs together."""
        return self.root / "exports"

    def has(self, name: str, dataset: Dataset) -> bool:
        """Whether a dataset can be used now: it is built in, or its archive has been fetched."""
        return dataset.archive is None or (self.data / name / dataset.archive).is_file()

    def ensure(self) -> Home:
        """Make the folders; an error names the one that cannot be made."""
        if self.root.exists() and not self.root.is_dir():
            raise UsageError("the home is not a folder", got=str(self.root), hint="choose another with --home DIR")
        if not self.root.exists():
            with explained(self.root):
                self.root.mkdir(mode=0o700, parents=True)
        for folder in (self.runs, self.trash, self.cache, self.data, self.studies):
            with explained(folder):
                folder.mkdir(mode=0o700, exist_ok=True)
        return self


def find_home(chosen: str | Path | None) -> Home:
    """The home chosen by --home, LABAPP_HOME or the user's config.toml; else the platform's place for user data."""
    path = path_of(chosen or platformdirs.user_data_path("labapp"))
    try:
        return Home(path.resolve())
    except (OSError, RuntimeError) as error:
        raise UsageError(
            "the home is no folder", got=f"{path}: {error}", hint="choose another with --home DIR"
        ) from error
