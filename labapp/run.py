"""Running one command line: every way it can end becomes an exit code and, where something went wrong, an error."""

from __future__ import annotations

from functools import cache
from typing import Any

import typer
import typer.main

from engine.errors import LabError, UsageError, nearest
from labapp.cli import load_commands
from labapp.output import print_error, say
from labapp.run_codes import INTERRUPTED

# Typer carries its own copy of click or uses the installed one, by version; its public exception leads to either's.
WrongUsage: Any = typer.BadParameter.__base__

# What other programs call these, and people type.
ELSEWHERE = {
    "list": "runs", "ls": "runs", "ps": "runs", "status": "runs", "top": "runs", "info": "show", "inspect": "show",
    "describe": "show", "log": "logs", "tail": "logs", "watch": "logs", "start": "train", "fit": "train",
    "launch": "train", "new": "train", "cancel": "stop", "rm": "delete", "remove": "delete", "undo": "restore",
    "tune": "study", "sweep": "study", "diff": "compare", "eval": "evaluate", "datasets": "data", "download": "data",
}  # fmt: skip


@cache
def command() -> Any:
    """All commands, built once a process: registering them again would keep them twice."""
    return typer.main.get_command(load_commands())


def run(arguments: list[str]) -> int:
    """Run `labapp ARGUMENTS...` and return its exit code."""
    as_json = "--json" in arguments
    try:
        result = command().main(args=arguments, prog_name="labapp", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except LabError as error:
        print_error(error, as_json=as_json)
        return error.exit_code
    except WrongUsage as error:
        print_error(wrong_usage(error), as_json=as_json)
        return UsageError.exit_code
    except typer.Exit as stop:
        return stop.exit_code
    except (typer.Abort, KeyboardInterrupt):
        say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # `labapp runs | head`: whoever read it has had enough
        return 0
    except OSError as error:
        where = "the output cannot be written" if error.filename is None else f"{error.filename} cannot be used"
        print_error(LabError(where, got=error.strerror or str(error)), as_json=as_json and error.filename is not None)
        return LabError.exit_code


def wrong_usage(error: Any) -> UsageError:
    """Click's complaint in our form, with the nearest known command or option."""
    context = error.ctx
    message = str(error.format_message()).split(" Did you mean")[0].rstrip(".")
    hint = f"{context.command_path if context else 'labapp'} --help"
    refused = error.__cause__
    if hasattr(refused, "errors"):  # pydantic's, by which newer Typers check the value of an option
        (first, *_) = refused.errors()
        title, _, expected = message.partition(": Input should be ")
        return UsageError(
            title, got=str(first["input"]), expected=(expected or first["msg"]).partition(", ")[0], hint=hint
        )
    known: list[str] = []
    wrong = getattr(error, "option_name", None)
    if wrong is not None and context is not None:
        known = [name for parameter in context.command.params for name in parameter.opts]
    elif context is not None and hasattr(context.command, "commands") and "'" in message:
        wrong, known = message.split("'")[1], list(context.command.commands)
    close = ELSEWHERE.get(wrong or "")
    if close not in known:
        close = nearest(wrong, known) if wrong else None
    return UsageError(message, got=wrong, hint=f"did you mean {close!r}?" if close else hint)
