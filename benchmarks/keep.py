"""Keep a run whose numbers are reported: config.toml, result.json and curves.csv under benchmarks/runs/<name>/.

    python -m benchmarks.keep RUN NAME [--out benchmarks/runs]

Paths and host names stay behind: what is kept says how and how well, not where.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import tomlkit

from engine.events import jsonable
from labapp.cli import open_lab
from sessions.run.records import CONFIG
from sessions.run.runs import Run

KEPT = Path(__file__).parent / "runs"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run")
    parser.add_argument("name")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--out", type=Path, default=KEPT)
    options = parser.parse_args()
    run = open_lab(options.home).store.find(options.run)
    folder = options.out / Path(options.name).name
    folder.mkdir(parents=True, exist_ok=True)
    keep_config(run, folder / "config.toml")
    keep_result(run, folder / "result.json")
    keep_curves(run, folder / "curves.csv")
    print(folder)


def keep_config(run: Run, path: Path) -> None:
    config = tomlkit.parse((run.path / CONFIG).read_text())
    config["data"] = Path(run.data).name
    for key, value in config["settings"].items():  # type: ignore[union-attr]
        if isinstance(value, str) and Path(value).is_absolute():
            config["settings"][key] = Path(value).name  # type: ignore[index]
    path.write_text(tomlkit.dumps(config))


def keep_result(run: Run, path: Path) -> None:
    result = dict(run.record.result or {})
    meta = run.record.meta or {}
    attempts = [{key: value for key, value in each.items() if key != "host"} for each in meta.get("attempts", [])]
    about = {key: meta.get(key) for key in ("labapp", "git_commit", "fingerprint", "identity")}
    path.write_text(json.dumps(jsonable({**result, **about, "attempts": attempts}), indent=1) + "\n")


def keep_curves(run: Run, path: Path) -> None:
    """One row for each split and epoch; running averages within an epoch are left out."""
    run.history.refresh()
    rows: dict[tuple[int, str], dict[str, float | str]] = {}
    for (split, name), series in run.history.series.items():
        for step, epoch, elapsed, value, partial in zip(
            series.steps, series.epochs, series.elapsed, series.values, series.partial, strict=True
        ):
            if not partial:
                row = rows.setdefault((step, split), {"step": step, "epoch": epoch, "elapsed": elapsed, "split": split})
                row[name] = float(f"{value:.6g}")
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[key] for key in sorted(rows))


if __name__ == "__main__":
    main()
