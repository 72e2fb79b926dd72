"""The Tag screen as a person meets it: which run, what one types, and what is shown of it."""

from __future__ import annotations

import pytest
from textual import events
from textual.pilot import Pilot

from labapp.app import LabApp
from labapp.screens.run import RunScreen
from labapp.screens.see import SeeScreen
from labapp.screens.tag import TagScreen
from labapp.widgets.tagged import Tagged
from labapp.widgets.token_table import TokenTable
from sessions.run.runs import Run
from tests.conftest import Lab
from tests.labapp.screens.app import LARGE, SMALL, drive, notices, text_of, until
from tests.labapp.screens.run_data import image_run
from tests.labapp.screens.see_data import give_checkpoint
from tests.labapp.screens.tag_data import HOSTILE, TEXT, opened, picked, pressed, run, screen, typed
from tests.labapp.screens.tagging import FakeTagger, tagger_process
from tests.untrained import tagger, untrained

CONTROLS = set("\x1b\x00\x07\x9b\u202e\u200b")
__all__ = ["run", "tagger_process"]


class TestWhichRun:
    def test_without_any_it_says_how_to_get_one(self, lab: Lab, tagger_process: FakeTagger) -> None:
        untrained(lab, "ner/bilstm-crf", "no checkpoint")
        give_checkpoint(image_run(lab))

        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("4")
            await until(pilot, lambda: "labapp train ner/bilstm-crf" in text_of(app))
            await pilot.press("2")  # as it says: there is no use for a field that would take it
            await until(pilot, lambda: app.current_mode == "new")
            await pilot.press("escape", "4")
            await until(pilot, lambda: app.current_mode == "tag")
            app.screen.query_one("#text").focus()  # who goes there all the same
            await pilot.press(*"Paris", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "ctrl+o", "ctrl+r")
            await pilot.pause()
            assert tagger_process.asked == []
            await pilot.press("escape", "2")
            await until(pilot, lambda: app.current_mode == "new")

        drive(lab, work, size=SMALL)

    def test_the_newest_tagger_with_a_checkpoint_is_taken(self, lab: Lab, tagger_process: FakeTagger) -> None:
        tagger(lab, "older")
        newer = tagger(lab, "newer")
        untrained(lab, "ner/bilstm-crf", "no checkpoint")
        give_checkpoint(image_run(lab))

        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            assert shown.run_id == newer.id
            assert "bilstm-crf newer" in text_of(app)

        opened(lab, work)

    @pytest.mark.parametrize("within", [False, True])
    def test_t_goes_to_the_screen_for_the_run(self, lab: Lab, tagger_process: FakeTagger, within: bool) -> None:
        give_checkpoint(image_run(lab))
        first = tagger(lab, "first")
        tagger(lab, "second")

        async def work(app: LabApp, pilot: Pilot[None]) -> None:
            await pilot.press("home", "down")
            if within:
                await pilot.press("enter")
                await until(pilot, lambda: isinstance(app.screen, RunScreen) and app.screen.targets())
            await pilot.press("t")
            await until(pilot, lambda: isinstance(app.screen, TagScreen) and screen(app).run_id)
            assert screen(app).run_id == first.id
            await pilot.press("escape", "escape")
            await until(pilot, lambda: app.current_mode == "runs")
            await pilot.press("end", "t")
            await until(pilot, lambda: isinstance(app.screen, SeeScreen))

        drive(lab, work)

    def test_a_takes_another_run_which_tags_the_same_text(self, lab: Lab, tagger_process: FakeTagger) -> None:
        first, second = tagger(lab, "first"), tagger(lab, "second")

        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            assert shown.run_id == second.id
            await typed(pilot, shown, TEXT)
            await pilot.press("escape")
            await picked(app, pilot, "a", "down", "enter")
            assert shown.run_id == first.id
            assert tagger_process.of("tag")[-1] == {"run": first.id, "text": TEXT}
            assert "bilstm-crf first" in text_of(app)
            assert "geo .83" in text_of(app)

        opened(lab, work)


class TestTyping:
    @pytest.mark.parametrize("size", [SMALL, (100, 30), LARGE, (250, 70)])
    def test_entities_stand_under_their_words(
        self, lab: Lab, run: Run, tagger_process: FakeTagger, size: tuple[int, int]
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await typed(pilot, shown, TEXT)
            lines = text_of(app).splitlines()
            row = next(number for number, line in enumerate(lines) if line.strip().startswith("tags"))
            for word, kind in (("Barack", "per .95"), ("United", "org .87"), ("Paris", "geo .83")):
                assert lines[row - 1].index(word) == lines[row].index(kind)
            assert "least certain: Paris .83   whole sentence: .83   second best: .09" in text_of(app)
            for kind in tagger_process.types:
                assert f" {kind}" in text_of(app)

        opened(lab, work, size)

    def test_what_is_typed_is_tagged_as_one_types_and_the_last_wins(
        self, lab: Lab, run: Run, tagger_process: FakeTagger
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await pressed(pilot, shown, *"to Paris")
            assert shown.sentences[0].tags == ("O", "B-geo")
            assert "geo .95" in text_of(app)
            assert len(tagger_process.of("tag")) <= len("to Paris")
            tagger_process.held = []
            await typed_and_held(pilot, tagger_process, *" now")
            assert "geo .95" in text_of(app)  # what was known stays until the answer comes
            held, tagger_process.held = tagger_process.held, None
            for answer in held:
                answer()
            await until(pilot, lambda: not shown.busy)
            assert shown.sentences[0].tokens == ("to", "Paris", "now")

        opened(lab, work)

    def test_what_is_known_is_not_asked_for_again(self, lab: Lab, run: Run, tagger_process: FakeTagger) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            for text in (TEXT, "Paris", TEXT):
                await typed(pilot, shown, text)
            assert len(tagger_process.of("tag")) == 2
            assert len(shown.sentences[0].tokens) == 9

        opened(lab, work)

    def test_an_empty_field_asks_for_nothing_and_says_what_can_be_done(
        self, lab: Lab, run: Run, tagger_process: FakeTagger
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await until(pilot, lambda: "Type a sentence" in text_of(app))
            await typed(pilot, shown, "   ")
            assert tagger_process.asked == []
            await typed(pilot, shown, "Paris")
            await typed(pilot, shown, "")
            assert "Type a sentence" in text_of(app)
            assert "geo" not in text_of(app)

        opened(lab, work)

    def test_several_sentences_stand_below_each_other(self, lab: Lab, run: Run, tagger_process: FakeTagger) -> None:
        answer = tagger_process.tag

        def in_two(args: dict[str, str]) -> object:
            return answer({**args, "text": args["text"].replace(". ", ".\n")})

        tagger_process.answers["tag"] = in_two  # type: ignore[assignment]

        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await typed(pilot, shown, "To Paris. From London.")
            assert "2 sentences" in text_of(app)
            assert text_of(app).count("geo .95") == 2
            assert shown.table.lines[3].head

        opened(lab, work)

    def test_the_least_certain_is_underlined_and_unknown_words_are_marked(
        self, lab: Lab, run: Run, tagger_process: FakeTagger
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await typed(pilot, shown, "an untranslatable Paris")
            assert "untranslatable°" in text_of(app)
            assert "word°: unknown to it" in text_of(app)
            underlined = {
                segment.text.strip()
                for line in app.screen._compositor.render_strips(app.size)
                for segment in line
                if segment.style and segment.style.underline and "Paris" in segment.text
            }
            assert underlined == {"Paris"}

        opened(lab, work)

    def test_a_pasted_text_becomes_one_line(self, lab: Lab, run: Run, tagger_process: FakeTagger) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            shown.field.post_message(events.Paste("To\nParis\r\n\tand \x1b[31mback"))
            await until(pilot, lambda: tagger_process.of("tag"))
            assert shown.field.value == "To Paris and \N{REPLACEMENT CHARACTER}[31mback"
            shown.field.post_message(events.Paste("x" * 10_000))
            await until(pilot, lambda: len(shown.field.value) == 5_000)
            await until(pilot, lambda: any("labapp tag --file" in said for said in notices(app)))

        opened(lab, work)

    def test_joiners_without_width_are_left_out(self, lab: Lab, run: Run, tagger_process: FakeTagger) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            shown.field.post_message(events.Paste("a\u200cb\u00adc\u200d"))
            await until(pilot, lambda: shown.field.value == "abc")

        opened(lab, work)


async def typed_and_held(pilot: Pilot[None], process: FakeTagger, *keys: str) -> None:
    await pilot.press(*keys)
    await until(pilot, lambda: process.held)


class TestTheField:
    def test_plain_keys_are_text_in_it_and_keys_outside(self, lab: Lab, run: Run, tagger_process: FakeTagger) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await pressed(pilot, shown, *"nbq24?")
            assert shown.field.value == "nbq24?"
            await pilot.press("escape")
            assert isinstance(app.focused, Tagged)
            await pilot.press("b")
            assert not shown.with_second
            assert shown.field.value == "nbq24?"
            await pilot.press("i", "!")
            await until(pilot, lambda: shown.field.value == "nbq24?!")
            await pilot.press("tab", "tab")
            assert isinstance(app.focused, TokenTable)
            await pilot.press("tab")
            assert app.focused is shown.field
            await pilot.press("escape", "escape")
            await until(pilot, lambda: app.current_mode == "runs")

        opened(lab, work)

    def test_who_comes_back_can_type_at_once(self, lab: Lab, run: Run, tagger_process: FakeTagger) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await typed(pilot, shown, "Paris")
            await pressed(pilot, shown, "escape", "1")
            await until(pilot, lambda: app.current_mode == "runs")
            await pilot.press("4")
            await until(pilot, lambda: app.focused is shown.field)

        opened(lab, work)

    def test_function_keys_act_within_it(self, lab: Lab, run: Run, tagger_process: FakeTagger) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await pressed(pilot, shown, *"Paris", "f2")
            assert not shown.with_second
            await pressed(pilot, shown, "f8")
            assert shown.place is not None
            await pressed(pilot, shown, "ctrl+o")
            assert shown.field.value.startswith("Barack Obama visited")
            assert shown.place is None

        opened(lab, work)


class TestTokens:
    def test_every_token_has_its_tag_and_probability_beside_the_sentence(
        self, lab: Lab, run: Run, tagger_process: FakeTagger
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await typed(pilot, shown, TEXT)
            assert shown.tagged.region
            assert shown.table.region
            assert [line.cells[:3] for line in shown.table.lines[4:7]] == [
                ("United", "B-org", ".89"), ("Nations", "I-org", ".87"), ("in", "O", ".97"),
            ]  # fmt: skip
            await pilot.press("f3")
            await until(pilot, lambda: not shown.table.region)

        opened(lab, work)

    def test_in_a_small_terminal_they_are_on_a_key(self, lab: Lab, run: Run, tagger_process: FakeTagger) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await typed(pilot, shown, TEXT)
            assert "B-org" not in text_of(app)
            await pilot.press("escape", "l")
            await until(pilot, lambda: "B-org" in text_of(app))
            assert "█" in text_of(app)
            await until(pilot, lambda: isinstance(app.focused, TokenTable))
            await pilot.press("l")
            await until(pilot, lambda: isinstance(app.focused, Tagged))
            await typed(pilot, shown, "")
            await pilot.press("l")
            await until(pilot, lambda: "Type a sentence" in text_of(app))

        opened(lab, work, SMALL)


class TestHowItLooks:
    @pytest.mark.parametrize("text", HOSTILE, ids=ascii)
    @pytest.mark.parametrize("size", [SMALL, LARGE])
    def test_hostile_text_is_only_text(
        self, lab: Lab, run: Run, tagger_process: FakeTagger, size: tuple[int, int], text: str
    ) -> None:
        tagger_process.types = ("[red]", "\x1b[31m", "x" * 500)
        gold = " ".join("B-\x1b[31m" for _ in text.split())
        tagger_process.examples = [(text, gold)]

        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await typed(pilot, shown, text)
            assert shown.sentences
            await pilot.press("f3")
            await pilot.pause()
            await pilot.press("f3")
            await pilot.pause()
            assert not CONTROLS & set(text_of(app))
            await pressed(pilot, shown, "f8")
            assert shown.example
            assert not CONTROLS & set(text_of(app))
            await pressed(pilot, shown, "f3")
            assert not CONTROLS & set(text_of(app))
            assert app.is_running
            assert notices(app) == []

        opened(lab, work, size)

    def test_ascii_is_enough(self, lab: Lab, run: Run, tagger_process: FakeTagger) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await typed(pilot, shown, "an untranslatable Paris")
            assert {c for c in text_of(app) if not c.isascii()} == set()
            assert "untranslatable*" in text_of(app)

        opened(lab, work, ascii=True)

    @pytest.mark.parametrize("size", [(1, 1), (20, 5), (40, 12)])
    def test_any_size_will_do(self, lab: Lab, run: Run, tagger_process: FakeTagger, size: tuple[int, int]) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await typed(pilot, shown, TEXT)
            await pressed(pilot, shown, "f3", "f8", "escape", "down", "f3")
            await pilot.resize_terminal(160, 45)
            await until(pilot, lambda: "United Nations" in text_of(app))

        opened(lab, work, size)

    def test_twenty_types_have_a_legend_and_colours(self, lab: Lab, run: Run, tagger_process: FakeTagger) -> None:
        tagger_process.types = tuple(f"kind{number:02}" for number in range(20))

        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await typed(pilot, shown, TEXT)
            assert "kind00" in text_of(app)
            assert "kind19" in text_of(app)

        opened(lab, work)

    @pytest.mark.parametrize("theme", ["lab-light", "lab-dark-safe", "lab-light-safe"])
    def test_another_theme_repaints_the_words(self, lab: Lab, run: Run, tagger_process: FakeTagger, theme: str) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await typed(pilot, shown, TEXT)
            before = ground_of(app, "Barack")
            app.theme = theme
            await pilot.pause()
            after = ground_of(app, "Barack")
            assert (before == after) == theme.startswith("lab-dark")

        opened(lab, work)


def ground_of(app: LabApp, word: str) -> object:
    return next(
        segment.style.bgcolor
        for line in app.screen._compositor.render_strips(app.size)[3:]
        for segment in line
        if segment.style and segment.text.strip() == word
    )
