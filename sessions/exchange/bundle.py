"""A bundle: one run in one file, with all that is needed to use it, and nothing of the machine it was made on.

It is a zip archive (`NAME.labrun`): what is in it is known before anything is read, every member can be read alone,
weights lie in it as they are, and any file manager opens it. A tar archive would have to be read from its beginning,
and knows links and devices, which have no business here.

    manifest.json                          format, version, whose run, and size and SHA-256 of every other member
    config.toml  meta.json  labels.json    as in the run's directory, without paths and host
    result.json  events.jsonl              where there are any
    preprocessing/...                      vocabularies, classes, tokenizer: what prediction needs
    checkpoints/step-N/model.safetensors   the best checkpoint's weights, with its checkpoint.json
    artifacts/mistakes.json                unless the bundle is shareable: it holds the dataset's text or pictures

No other names are taken, and none of them can leave the folder it is unpacked into.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from engine.checkpoints import MANIFEST as CHECKPOINT
from engine.checkpoints import WEIGHTS
from sessions.run.records import ARTIFACTS, CHECKPOINTS, CONFIG, EVENTS, LABELS, META, MISTAKES, RESULT

FORMAT, BUNDLE_VERSION = "labapp bundle", 1
SUFFIX = ".labrun"
MANIFEST = "manifest.json"
PREPROCESSING = "preprocessing"

KIB, MIB, GIB = 2**10, 2**20, 2**30
_PART = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}"
# Names a member may have, and how large it may be unpacked.
MEMBERS: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(re.escape(MANIFEST)), MIB),
    (re.compile(re.escape(CONFIG)), MIB),
    (re.compile(re.escape(META)), 4 * MIB),
    (re.compile(re.escape(LABELS)), MIB),
    (re.compile(re.escape(RESULT)), 64 * MIB),
    (re.compile(re.escape(EVENTS)), GIB),
    (re.compile(re.escape(f"{ARTIFACTS}/{MISTAKES}")), 64 * MIB),
    (re.compile(rf"{CHECKPOINTS}/step-\d{{1,15}}/{re.escape(CHECKPOINT)}"), MIB),
    (re.compile(rf"{CHECKPOINTS}/step-\d{{1,15}}/{re.escape(WEIGHTS)}"), 32 * GIB),
    (re.compile(rf"{PREPROCESSING}/(?:{_PART}/)?{_PART}\.safetensors"), 8 * GIB),
    (re.compile(rf"{PREPROCESSING}/(?:{_PART}/)?{_PART}\.(?:json|txt|model)"), 256 * MIB),
)
MOST_MEMBERS = 200
MOST_BYTES = 48 * GIB  # of all members, unpacked
MOST_SQUEEZED, SMALL = 200, MIB  # how many times smaller a member larger than SMALL may be packed: a bomb is 1,000


def limit_of(name: str) -> int | None:
    """How large a member of this name may be; None when there is none of this name."""
    return next((limit for pattern, limit in MEMBERS if pattern.fullmatch(name)), None)


def digest_of(members: Mapping[str, Mapping[str, Any]]) -> str:
    """Names what is in a bundle: the same run exported twice has the same, however it is called and tagged."""
    content = {name: each["sha256"] for name, each in members.items() if name != LABELS}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
