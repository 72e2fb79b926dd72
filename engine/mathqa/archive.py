"""MathQA as it was published (Amini et al. 2019), https://math-qa.github.io/math-QA: fetched by name, read in its zip.

Its problems are multiple-choice questions; the answer is the number in the right option. About a third of its gold
programs do not come to that answer (the course's cut has the others): they are kept, counted and told, since they are
what everybody who uses this data trains and measures on. Nobody can mend a published archive: its wrong entries are
left out and counted, whatever `broken` says.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from engine.errors import LabError
from engine.mathqa.corpus import MathData
from engine.mathqa.folder import Choices, Say, check_files, data_of, told
from engine.mathqa.formats import LARGEST, ProblemFile, problems_in
from engine.published import Progress, Published
from engine.task import SPLITS, Split

NAME = "MathQA.zip"
# Checksum and size as the catalogues of Hugging Face datasets (datasets/math_qa/dataset_infos.json) and of TensorFlow
# Datasets (math_qa/checksums.tsv) both give them.
PUBLISHED = Published(
    title="MathQA's archive",
    name=NAME,
    url="https://math-qa.github.io/math-QA/data/MathQA.zip",
    sha256="7344f30456a7aef3176d4866cc953b35b41bec44eda6b00cdbcfde2876b2f07a",
    size=7_302_821,
    hint="take https://math-qa.github.io/math-QA/data/MathQA.zip, or give a folder of your own problems by its path",
)
MEMBERS: Mapping[Split, tuple[str, ...]] = {
    "train": ("train.json",),
    "val": ("dev.json", "valid.json", "val.json"),
    "test": ("test.json",),
}


def fetch(
    folder: Path,
    from_file: Path | None,
    progress: Progress,
    *,
    url: str = PUBLISHED.url,
    sha256: str = PUBLISHED.sha256,
) -> Path:
    """Bring the archive into `folder`: download it, or copy it from a file the user has; verified either way."""
    return replace(PUBLISHED, url=url, sha256=sha256).fetch(folder, from_file, progress)


def open_archive(source: str | Path, settings: Choices, cache: Path, say: Say) -> MathData:
    """The archive's own three splits."""
    return told(replace(data_of(_read(_place(cache)), settings), cache=cache), say)


def check(source: str | Path, settings: Choices, cache: Path, say: Say) -> list[str]:
    """Everything worth knowing about the archive."""
    return check_files(_read(_place(cache)), settings, "a training leaves wrong entries out")


def _place(cache: Path) -> Path:
    archive = cache.parent / "data" / "mathqa" / NAME
    if not archive.is_file():
        raise LabError(
            "MathQA is not here yet",
            got=f"no file {archive}",
            expected=f"{NAME}, {PUBLISHED.size:,} bytes",
            hint="labapp data fetch mathqa; without a network: labapp data fetch mathqa --from FILE",
        )
    return archive


def _read(archive: Path) -> dict[Split, ProblemFile]:
    """The files of the splits. Nothing is unpacked: what a member is called decides nothing but what it holds."""
    files: dict[Split, ProblemFile] = {}
    try:
        with zipfile.ZipFile(archive) as opened:
            for split in SPLITS:
                member = _member(opened, MEMBERS[split])
                content = opened.open(member).read(LARGEST + 1)  # not more, whatever the archive says it holds
                files[split] = problems_in(archive, PurePosixPath(member.filename).name, content)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise _unreadable(archive, str(error)) from error
    return files


def _member(opened: zipfile.ZipFile, names: tuple[str, ...]) -> zipfile.ZipInfo:
    """The only member of one of these names, in whatever folder; what macOS adds does not count."""
    paths = {member: PurePosixPath(member.filename) for member in opened.infolist() if not member.is_dir()}
    fitting = [member for member, path in paths.items() if path.name in names and "__MACOSX" not in path.parts]
    if len(fitting) != 1:
        raise zipfile.BadZipFile(f"{len(fitting)} files called {' or '.join(names)}")
    return fitting[0]


def _unreadable(archive: Path, what: str) -> LabError:
    return LabError(
        "MathQA's archive cannot be read",
        got=f"{archive}: {what}",
        expected="a zip archive with train.json, dev.json and test.json",
        hint="remove the file and fetch it again: labapp data fetch mathqa",
    )
