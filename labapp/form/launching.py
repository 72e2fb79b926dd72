"""From what was asked for to a run in the queue: shared by `labapp train` and the app's New screen.

Imports pydantic, so the app imports it only when something is configured, in a thread.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from engine.catalogue import TaskRow, tasks
from engine.config import Config, Layer, belonging, read_config, resolve, resolve_data
from engine.errors import LabError, UsageError
from engine.settings import place_settings
from labapp.form.drafts import Draft, parse_seeds
from sessions import control
from sessions.home import Home
from sessions.machine.gpus import choose, list_gpus
from sessions.preferences import Layers
from sessions.run.records import CONFIG
from sessions.run.runs import Run
from sessions.run.store import Store, check_tags

SAMPLE = ("images", "bn", "sample")
RECIPE = "best"  # where nobody says another


def launch_sample(store: Store) -> Run:
    """A small training on the embedded sample, with the recipe as it is: no preference can make it a long one."""
    task, variant, data = SAMPLE
    config, gpu = place(resolve(tasks()[task], variant, data), "auto")
    return control.launch(store, config, gpu=gpu)


def configured(
    layers: Layers, row: TaskRow, variant: str, data: str | None, recipe: str | None, asked: Layer
) -> Config:
    """All layers of the configuration together; `asked` is the strongest."""
    return resolve(row, variant, data, recipe or layers.recipe or RECIPE, [asked, *layers.for_task(row)])


def config_of(run: Run) -> Config:
    return read_config(run.path / CONFIG)


def repeated(old: Config, name: str, variant: str | None, data: str | None, asked: Layer) -> Config:
    """A run as it was, with changes: no preference of now has a say, and its recipe stays."""
    row = old.row
    other = data is not None and resolve_data(row, data) != old.data
    own = belonging(row, resolve_data(row, data)) if other else {}
    return resolve(row, variant or old.variant, data or old.data, old.recipe, [asked, kept(old, name, own)])


def kept(old: Config, name: str, own: Collection[str]) -> Layer:
    """What stays of a run when it is repeated: not where it ran, and not `own`, what other data brings itself."""
    dropped = place_settings(type(old.settings)) | set(own)
    values: dict[str, Any] = {key: value for key, value in old.settings.model_dump().items() if key not in dropped}
    return Layer(f"run {name}", values)


def require_data(home: Home, config: Config) -> None:
    """Refuse to launch on data that has not been fetched: the worker would only find out later."""
    if not home.has(config.data, config.dataset):
        raise missing(home, config.row, config.data)


def missing(home: Home, row: TaskRow, data: str) -> UsageError:
    """What to say of a dataset that is not here."""
    return UsageError(
        f"{data} is not here yet",
        got=f"no {row.datasets[data].archive} in {home.data / data}",
        hint=f"labapp data fetch {data}, with --from FILE where there is no network",
    )


def place(config: Config, gpu: str) -> tuple[Config, str]:
    """The configuration for the GPU asked for, and what the queue has to find: auto, cpu, or a GPU by its UUID."""
    device = config.settings.device
    if contradicts(device, gpu):
        raise UsageError(
            "--gpu and the setting device contradict each other",
            got=f"--gpu {gpu} and device={device}",
            expected="one of them",
            hint="leave --gpu away, or device at auto",
        )
    if "cpu" in (gpu, device):
        return placed_on(config, "cpu"), "cpu"
    gpus = list_gpus()
    if device.startswith("cuda:") and gpus:  # the place among those that can be seen, as torch counts them
        place = int(device.removeprefix("cuda:"))
        gpu = gpus[place].uuid if place < len(gpus) else f"cuda:{place}"
    if gpu not in ("auto", "cuda"):
        chosen = choose(gpu, gpus)
        gpu = chosen.uuid if chosen is not None else gpu
    elif device != "auto" and not gpus:
        return config, "auto"  # a GPU that NVML does not know, or none: then the run fails and says so
    # From here on a GPU is asked for where there is one: without it the run fails rather than fall back.
    return (placed_on(config, "cuda") if gpus else config), "auto" if gpu == "cuda" else gpu


def contradicts(device: str, gpu: str) -> bool:
    """Whether the setting and the choice ask for different things."""
    return device != "auto" and gpu not in ("auto", device)


def placed_on(config: Config, device: str) -> Config:
    settings = config.settings.model_copy(update={"device": device})
    return Config(config.task, config.variant, config.data, config.recipe, config.recipe_version, settings)


def launch_draft(store: Store, draft: Draft, layers: Layers) -> list[Run]:
    """Queue what a draft says: one run, or one for every seed. Everything is checked before the first is queued."""
    seeds = parse_seeds(draft.seeds)
    configs = [_config(draft, layers, seed) for seed in seeds or [""]]
    names = [draft.name and f"{draft.name}-{seed}" for seed in seeds] or [draft.name]
    for config, name in zip(configs, names, strict=True):
        require_data(store.home, config)
        store.check_name(name)
    check_tags(tags := words(draft.tags))
    after = [store.find(each).id for each in words(draft.after)]
    placed = [place(config, draft.gpu) for config in configs]
    runs: list[Run] = []
    for (config, gpu), name in zip(placed, names, strict=True):
        try:
            runs.append(
                control.launch(store, config, name=name, tags=tags, note=draft.note.strip(), gpu=gpu, after=after)
            )
        except LabError as error:
            if runs:
                error.hint = f"{len(runs)} of {len(placed)} runs are in the queue: {', '.join(run.id for run in runs)}"
            raise
    return runs


def _config(draft: Draft, layers: Layers, seed: str) -> Config:
    asked = (draft.with_override("seed", seed) if seed else draft).asked()
    if draft.base is not None:
        return repeated(draft.base, draft.base_run, draft.variant, draft.source, asked)
    return configured(layers, draft.row, draft.variant, draft.source, draft.recipe or None, asked)


def words(text: str) -> list[str]:
    return [word for word in re.split(r"[\s,]+", text) if word]
