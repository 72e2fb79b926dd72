"""Word vectors and encoders that a run begins with: how they are named, and whether they are there. Torch-free."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from engine.errors import LabError, UsageError
from engine.files import path_of

RANDOM = "random"  # instead of a file of word vectors
SCRATCH = "scratch"  # instead of a pretrained encoder
EMBEDDED = "assets:"  # before the folder of an encoder that comes with labapp
ELSEWHERE = "elsewhere:"  # before the name of an encoder's folder on the machine that an imported run comes from
ENCODER_WEIGHTS, ORIGIN = "model.safetensors", "origin.json"  # in an encoder's folder; in a run's preprocessing/encoder
GLOVE = "glove.6B.100d.txt of nlp.stanford.edu/projects/glove"


def located(encoder: str) -> str:
    """Where an encoder is: a folder, or a name on the hub."""
    if not encoder.startswith(EMBEDDED):
        return encoder
    return str(Path(str(files("assets")), encoder.removeprefix(EMBEDDED)))


def taken_away(origin: str) -> str:
    """What an encoder's origin is called in a run that leaves this machine: folders stay behind, names do not."""
    return f"{ELSEWHERE}{Path(origin).name}" if looks_like_path(origin) else origin


def not_here(origin: str) -> LabError:
    return LabError(
        "the pretrained encoder of this run is not here",
        got=f"{origin.removeprefix(ELSEWHERE)!r}, as its folder was called where the run was made",
        expected="the folder with the very same weights: a frozen encoder is not in the run",
        hint="labapp import FILE --source encoder=FOLDER tells where it lies here",
    )


def absolute(path: str) -> str:
    """A path from wherever one is; raises ValueError where it cannot be one."""
    try:
        return str(path_of(path))
    except UsageError as error:
        raise ValueError(f"{error.title}: {error.got}") from error


def looks_like_path(name: str) -> bool:
    """Names on the hub have one slash at most, and none in front."""
    return name.startswith(("/", ".", "~")) or name.count("/") > 1


def whole_vectors(value: str) -> str:
    """The setting `vectors`, made absolute: a worker starts elsewhere."""
    return value if value in ("", RANDOM) else absolute(value)


def whole_encoder(value: str) -> str:
    """The setting `encoder`: what looks like a path is one, and made absolute. All else is a name."""
    return absolute(value) if looks_like_path(value) else value


def check_vectors(vectors: str, *, embedded: bool, disk: bool) -> None:
    """Refuse word vectors that cannot be there; those of an embedded dataset are with it."""
    if not vectors and not embedded:
        raise no_vectors()
    if vectors not in ("", RANDOM) and disk and not there(vectors, Path.is_file):
        raise UsageError(
            "there is no such file of word vectors",
            got=f"vectors={vectors}",
            expected=f"a file of word vectors as GloVe writes them ({GLOVE})",
            hint=f"set vectors to a file that is there, or to {RANDOM}",
        )


def check_encoder(encoder: str, *, disk: bool) -> None:
    """Refuse an encoder's folder that is not there, and a name that could mean a folder as well."""
    if looks_like_path(encoder) and disk and not there(encoder, Path.is_dir):
        raise UsageError(
            "there is no such encoder",
            got=f"encoder={encoder}",
            expected=f"a folder with config.json and model.safetensors, a name on the hub, or {SCRATCH}",
            hint="set encoder to a folder that is there",
        )
    named = encoder not in ("", SCRATCH) and not looks_like_path(encoder)
    if named and disk and there(encoder, Path.is_dir):
        raise UsageError(
            "a name on the hub, or the folder of that name?",
            got=f"encoder={encoder}",
            expected="a path with . or / in front, or a name that is no folder here",
            hint=f"write ./{encoder}; for the one on the hub, start from another folder",
        )


def there(path: str, kind: Callable[[Path], bool]) -> bool:
    """Whether it is; what no system takes for a path is not."""
    try:
        return kind(Path(path))
    except (OSError, ValueError):
        return False


def no_vectors() -> UsageError:
    return UsageError(
        "this variant begins with pretrained word vectors",
        got="vectors is empty",
        expected=f"a file of word vectors as GloVe writes them ({GLOVE})",
        hint=f"set vectors=FILE, or vectors={RANDOM} to begin without",
    )
