"""The New screen and text that nobody of us wrote: markup, escapes, wide characters, far too much of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from labapp.app import LabApp
from labapp.screens.new import NewScreen
from tests.conftest import Lab
from tests.labapp.screens.app import drive, text_of, until
from tests.labapp.screens.test_new import SIZES, line, new, to


@SIZES
class TestHostile:
    @pytest.mark.parametrize("text", ["[red]x[/red]", "\x1b[31mx", "日本語" * 40, "x" * 10_000, "\u202eevil"])
    def test_whatever_is_pasted_is_shown_harmlessly(self, text: str, lab: Lab, size: tuple[int, int]) -> None:
        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            screen = await new(app, pilot)
            for form, key in ((screen.settings, "epochs"), (screen.choices, "name"), (screen.choices, "seeds")):
                await to(pilot, form, key)
                form.editor.value = text
                await pilot.pause()
                assert line(form, key).wrong
                await pilot.press("down")
                shown = text_of(app)
                assert "\x1b" not in shown
                assert "\u202e" not in shown
            await pilot.press("f5")
            assert lab.store.ids() == []
            await pilot.press("f8")

        drive(lab, work, size=size)

    def test_paths_from_elsewhere_are_shown_harmlessly(self, lab: Lab, size: tuple[int, int], tmp_path: Path) -> None:
        odd = tmp_path / "[bold]\x1b[31m数字\n"
        odd.write_text("0.1\n0.2\n0.3\n0.4\n")
        run = lab.finished(data=str(odd))

        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            app.new_from(run.id)
            screen = await until(pilot, lambda: app.screen if isinstance(app.screen, NewScreen) else None)
            await until(pilot, lambda: screen.checked is not None and screen.checked.sound)
            assert screen.draft.path == str(odd)
            screen.show_pane(screen.choices)
            await pilot.pause()
            assert "数字" in text_of(app)
            assert "\x1b" not in text_of(app)

        drive(lab, work, size=size)
