"""What the New screen has done in threads: they look, read or launch, and post what came of it.

What they import imports pydantic: it must not be imported before the app's first frame, nor on the event loop.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from engine.errors import LabError
from labapp.messages import Filled, Launched, LookedAround, LookedAt

if TYPE_CHECKING:
    from labapp.form.drafts import Draft
    from labapp.form.estimates import Memory
    from labapp.screens.draft import DraftScreen
    from sessions.preferences import Layers


class Scouts:
    """The threads of one screen."""

    def __init__(self, screen: DraftScreen):
        self.screen = screen
        self._memory: Memory | None = None
        self._looking = False

    def around(self) -> None:
        """Preferences, GPUs, the queue, earlier runs; one look at a time."""
        if not self._looking:
            self._looking = True
            self.screen.lab.in_thread(self._around)

    def _around(self) -> None:
        from labapp.form import lines  # noqa: F401  # so that no import ever waits on the event loop
        from labapp.form.estimates import Memory
        from labapp.form.surroundings import look_around

        try:
            self._memory = self._memory or Memory(self.screen.lab.new_store())
            self.screen.post_message(LookedAround(look_around(self._memory)))
        except LabError as error:
            self.screen.post_message(LookedAround(None, f"{error.title}: {error.got or error.hint}"))
        finally:
            self._looking = False

    def at(self, draft: Draft) -> None:
        """A path. Nobody waits for this thread: a disk that does not answer must not keep the app from ending."""

        def work() -> None:
            from labapp.form.surroundings import look_at

            found = look_at(draft.row, draft.source)
            with suppress(Exception):  # the app has ended meanwhile
                self.screen.post_message(LookedAt(found))

        threading.Thread(target=work, name="labapp-look", daemon=True).start()

    def read(self, run_id: str) -> None:
        """The configuration of a run."""

        def work() -> None:
            from labapp.form.launching import config_of

            try:
                self.screen.post_message(Filled(config_of(self.screen.lab.new_store().read(run_id)), run_id))
            except LabError as error:
                self.screen.post_message(Filled(None, run_id, error))
            except Exception as error:
                self.screen.post_message(Filled(None, run_id, unexpected(error)))

        self.screen.lab.in_thread(work)

    def launch(self, draft: Draft, layers: Layers) -> None:
        """Queue the runs of a draft. Whatever happens, the screen is told that it is over."""

        def work() -> None:
            from labapp.form.launching import launch_draft

            try:
                runs = launch_draft(self.screen.lab.new_store(), draft, layers)
                self.screen.post_message(Launched(tuple(run.id for run in runs)))
            except LabError as error:
                self.screen.post_message(Launched((), error))
            except Exception as error:
                self.screen.post_message(Launched((), unexpected(error)))

        self.screen.lab.in_thread(work)


def unexpected(error: Exception) -> LabError:
    """A fault of ours, which must be said and must not leave the screen waiting."""
    return LabError("this failed unexpectedly", got=f"{type(error).__name__}: {error}")
