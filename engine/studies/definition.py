"""What a study is: which variants under which settings, how often, what is done afterwards, what its report shows.

Ours are TOML files in assets/studies; a user's own lie in $LABAPP_HOME/studies or anywhere, and are named by path.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from engine.catalogue import TaskRow, task_row, tasks
from engine.config import Layer as SettingsLayer
from engine.config import check_key, settings_class, validate
from engine.errors import LabError, UsageError, unknown
from engine.files import path_of
from engine.settings import Settings, TrainSettings, idle_settings

STUDY_VERSION = 1
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")
MOST_CELLS = 400
MOST_VALUES = 64  # of an axis
MOST_BYTES = 256 * 1024  # of a definition: far more than the cells that may be
LONG, SHORT = 1_000, 200  # characters

Section = Literal[
    "statistics", "curves", "agreement", "quantiles", "classes", "confusion", "beams", "grammar", "gradcam"
]  # fmt: skip
Finding = Literal["best", "agreement", "batch-size", "characters", "layer-norm", "crf", "forcing", "beam", "axis"]


class Axis(Settings):
    """One setting and the values it takes: the study has a cell for each."""

    setting: str
    values: list[Any] = Field(min_length=1, max_length=MOST_VALUES)


class Afterwards(Settings):
    """A job for the trained runs: for each of them, or for the best by the validation metric once all have ended."""

    kind: Literal["evaluate", "gradcam"]
    on: Literal["each", "best"] = "each"
    args: dict[str, Any] = Field(default_factory=dict)


class Study(Settings):
    """A study's definition, whether ours, a user's, or made on the command line."""

    v: int = STUDY_VERSION
    name: str = Field(pattern=rf"^{NAME.pattern}$")
    title: str = Field("", max_length=SHORT)
    question: str = Field("", max_length=LONG)  # what it is to answer
    source: str = Field("", max_length=SHORT)  # the document that asks for it
    task: str
    variants: list[str] = Field(min_length=1, max_length=MOST_CELLS)
    recipe: str = "best"
    data: str | None = None  # a dataset's name or an absolute path; None = the task's default
    settings: dict[str, Any] = Field(default_factory=dict)  # of all its runs
    own: dict[str, dict[str, Any]] = Field(default_factory=dict)  # of the runs of one variant, over those of all
    axes: list[Axis] = Field(default_factory=list, max_length=16)
    metric: str  # of the test split: by which the cells are compared
    afterwards: list[Afterwards] = Field(default_factory=list, max_length=16)
    sections: tuple[Section, ...] = ("statistics", "curves")
    findings: tuple[Finding, ...] = ("best",)
    agree: tuple[str, str] | None = None  # two variants that must agree

    @model_validator(mode="after")
    def _known(self) -> Study:
        row = task_row(self.task)
        for variant in self.variants:
            if variant not in row.variants:
                raise unknown(f"variant of {row.name}", variant, row.variants)
        if self.recipe not in row.recipes:
            raise unknown("recipe", self.recipe, row.recipes)
        for pair in self.agree or ():
            if pair not in self.variants:
                raise unknown("variant of this study", pair, self.variants)
        for values in (dict.fromkeys(self.settings), {axis.setting: None for axis in self.axes}):
            for key in values:
                check_key(settings_class(row), key, SettingsLayer(f"study {self.name}", values))
                if key == "seed":
                    raise UsageError(
                        "the seed is no setting of a study", got="seed", expected="--seeds N: every cell N times"
                    )
        for layer, able in (
            (SettingsLayer(f"the settings of study {self.name}", self.settings), any),
            (SettingsLayer(f"the axes of study {self.name}", {axis.setting: None for axis in self.axes}), all),
        ):
            for key in layer.values:
                if not able(key not in self.idle(each) for each in self.variants):
                    raise UsageError(
                        f"{key} means nothing for {'every' if able is any else 'some'} variant of the study",
                        got=f"{key} in {layer.source}",
                        expected="settings that some of its variants have, and axes that all have",
                    )
        checked = validate(settings_class(row), self.settings, [SettingsLayer(f"study {self.name}", self.settings)])
        self.__dict__["settings"] = checked.model_dump(mode="json", include=set(self.settings))  # 20 and "20" are one
        for axis in self.axes:
            axis.__dict__["values"] = [typed(settings_class(row), axis.setting, value) for value in axis.values]
            if len(set(map(repr, axis.values))) < len(axis.values):
                raise UsageError("a value is named twice", got=f"{axis.setting}: {', '.join(map(str, axis.values))}")
        for variant, values in self.own.items():
            self.own[variant] = self._checked_own(variant, values)
        names = [axis.setting for axis in self.axes]
        for kind, named in (("variant", self.variants), ("axis", names)):
            if len(set(named)) < len(named):
                raise UsageError(f"{'an' if kind == 'axis' else 'a'} {kind} is named twice", got=", ".join(named))
        count = len(self.variants)
        for axis in self.axes:
            count *= len(axis.values)
        if count > MOST_CELLS:
            raise UsageError("these are too many cells", got=f"{count}", expected=f"{MOST_CELLS} at most")
        return self

    def _checked_own(self, variant: str, values: dict[str, Any]) -> dict[str, Any]:
        """The settings of one variant alone, typed. What no run of it has, or an axis sets, is refused."""
        if variant not in self.variants:
            raise unknown("variant of this study", variant, self.variants)
        layer, cls = SettingsLayer(f"the settings of {variant} in study {self.name}", values), settings_class(self.row)
        fixed = {"seed": "--seeds N: every cell N times"} | {
            axis.setting: "settings that are no axis" for axis in self.axes
        }
        for key in values:
            check_key(cls, key, layer)
            if key in fixed:
                raise UsageError(
                    f"{key} is no setting of one variant", got=f"{key} in {layer.source}", expected=fixed[key]
                )
            if key in self.idle(variant):
                raise UsageError(
                    f"{key} means nothing for {variant}", got=f"{key} in {layer.source}", expected="settings it has"
                )
        return validate(cls, values, [layer]).model_dump(mode="json", include=set(values))

    @property
    def row(self) -> TaskRow:
        return task_row(self.task)

    def idle(self, variant: str) -> frozenset[str]:
        """The settings that mean nothing for a variant."""
        return idle_settings(settings_class(self.row), self.row.variants[variant].options)

    def settings_of(self, variant: str) -> dict[str, Any]:
        """What the study sets for the runs of a variant, axes and seed apart."""
        idle = self.idle(variant)
        common = {key: value for key, value in self.settings.items() if key not in idle}  # for other variants
        return common | self.own.get(variant, {})

    def as_dict(self) -> dict[str, Any]:
        """As TOML can hold it."""
        return self.model_dump(mode="json", exclude_none=True)

    @property
    def digest(self) -> str:
        """Names what is trained: studies that differ only in what is shown of them are one."""
        parts = {"task", "variants", "recipe", "data", "settings", "axes"} | ({"own"} if self.own else set())
        what = self.model_dump(mode="json", include=parts)
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:6]

    def changed(self, **changes: Any) -> Study:
        """With other values, which are checked."""
        return study_of({**self.as_dict(), **changes}, f"study {self.name}")


def typed(cls: type[TrainSettings], key: str, value: Any) -> Any:
    """A value as the setting's type has it, so that 0.10 and 0.1 are one, and "8" and 8."""
    return validate(cls, {key: value}, [SettingsLayer(f"the values of {key}", {key: value})]).model_dump(mode="json")[
        key
    ]


def study_of(raw: Mapping[str, Any], where: str) -> Study:
    """A definition from what a file or the command line says; `where` names that in errors."""
    version = raw.get("v", STUDY_VERSION)
    if isinstance(version, int) and version > STUDY_VERSION:
        raise LabError(
            "this study was written by a newer labapp",
            got=f"{where} has format {version}",
            expected=f"format {STUDY_VERSION} or older",
            hint="upgrade labapp",
        )
    try:
        return Study.model_validate(dict(raw))
    except ValidationError as error:
        errors = error.errors(include_input=False, include_url=False)
        first = next((each for each in errors if each["type"] == "extra_forbidden"), errors[0])  # a mistyped key
        place = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            parts: dict[str, type[Settings]] = {"axes": Axis, "afterwards": Afterwards}
            part = parts.get(str(first["loc"][0]), Study)
            raise unknown(f"key of a study in {where}", str(first["loc"][-1]), part.model_fields) from None
        raise UsageError(
            "this is no study", got=f"{where}: {place or 'it'}: {first['msg']}", hint="labapp study lists ours"
        ) from None
    except LabError as error:
        if where not in (error.got or "") and where not in error.title:
            error.got = f"{error.got} in {where}" if error.got else where
        raise


def read_study(path: Path) -> Study:
    """A study from a TOML file; its name is the file's unless it says another."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise UsageError(
                "the study is too large", got=f"{path}", expected=f"a definition of at most {MOST_BYTES // 1024} KiB"
            )
        raw = tomllib.loads(content.decode())
    except OSError as error:
        raise UsageError("the study cannot be read", got=f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError("the study is no TOML file", got=f"{path}: {error}") from error
    return study_of({"name": path.stem, **raw}, str(path))


def own_studies(folder: Path) -> tuple[dict[str, Study], list[LabError]]:
    """A user's own, by the name they are launched by; and what is wrong with the files that are none."""
    found: dict[str, Study] = {}
    problems: list[LabError] = []
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".toml" and not path.name.startswith("."))
    except OSError:
        return found, problems
    for path in paths:
        try:
            if not NAME.fullmatch(path.stem):
                expected = "a file named in small letters, digits and hyphens"
                raise UsageError("this cannot be the name of a study", got=str(path), expected=expected)
            found[path.stem] = read_study(path)
        except LabError as error:
            problems.append(error)
    return found, problems


def our_studies() -> dict[str, Study]:
    """Those that come with the laboratory, by name, in the order of their tasks."""
    folder = resources.files("assets") / "studies"
    found = {}
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.name.endswith(".toml"):
            name = entry.name.removesuffix(".toml")
            found[name] = study_of({"name": name, **tomllib.loads(entry.read_text())}, entry.name)
    order = list(tasks())
    return dict(sorted(found.items(), key=lambda each: order.index(each[1].task)))


def find_study(reference: str, folder: Path) -> Study:
    """By the name of one of ours, of a file in `folder`, or by the path of a file."""
    if reference.endswith(".toml") or "/" in reference:
        return read_study(path_of(reference))
    own = folder / f"{reference}.toml"
    if NAME.fullmatch(reference) and own.is_file():
        return read_study(own)
    ours = our_studies()
    if reference in ours:
        return ours[reference]
    names = [*ours, *(path.stem for path in sorted(folder.glob("*.toml")))]
    raise unknown("study (or TASK/VARIANT, or a TOML file)", reference, names)
