"""The Tag screen: two runs side by side, sentences of the corpus, and what goes wrong."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.errors import LabError
from labapp.actions import TAG, actions_of
from labapp.app import LabApp
from labapp.screens.tag import TagScreen
from sessions.playground import Doing
from sessions.run.runs import Run
from tests.conftest import Lab
from tests.labapp.screens.app import LARGE, SMALL, notices, text_of, until
from tests.labapp.screens.tag_data import TEXT, opened, picked, pressed, run, typed
from tests.labapp.screens.tagging import EXAMPLES, FakeTagger, tagger_process
from tests.untrained import tagger

__all__ = ["run", "tagger_process"]


def rows(app: LabApp, name: str) -> list[str]:
    """What stands in the rows of this name."""
    lines = [line.strip() for line in text_of(app).splitlines()[2:]]
    return [line[len(name) :].strip() for line in lines if line.startswith(f"{name} ")]


class TestTwoRuns:
    @pytest.mark.parametrize("size", [SMALL, LARGE])
    def test_a_second_run_stands_below_the_first_and_differences_are_marked(
        self, lab: Lab, tagger_process: FakeTagger, size: tuple[int, int]
    ) -> None:
        second, first = tagger(lab, "second", "bilstm"), tagger(lab, "first")
        tagger_process.second_run = lambda run: run == second.id

        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            assert shown.run_id == first.id
            await typed(pilot, shown, TEXT)
            await picked(app, pilot, "f4", "enter")
            assert "A bilstm-crf first   B bilstm second" in text_of(app)
            assert "org .87───" in rows(app, "A")[0]
            assert "geo .87═══" in rows(app, "B")[0]
            assert "══ not so in the first row" in text_of(app)
            lanes = {(lane, args["run"]) for _, args, lane in tagger_process.asked}
            assert lanes == {("first", first.id), ("second", second.id)}
            await typed(pilot, shown, "the United")
            assert (shown.sentences[0].tags, shown.others[0].tags) == (("O", "B-org"), ("O", "B-geo"))
            await pressed(pilot, shown, "f4")
            assert rows(app, "B") == []
            asked = len(tagger_process.asked)
            await typed(pilot, shown, "in Paris")
            assert [args["run"] for _, args, _ in tagger_process.asked[asked:]] == [first.id]

        opened(lab, work, size)

    def test_lines_of_the_table_that_differ_are_marked(self, lab: Lab, tagger_process: FakeTagger) -> None:
        second, _ = tagger(lab, "second"), tagger(lab, "first")
        tagger_process.second_run = lambda run: run == second.id

        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await typed(pilot, shown, "the United Paris")
            await picked(app, pilot, "f4", "enter")
            assert [(line.cells[0], line.kind) for line in shown.table.lines] == [
                ("the", "dim"), ("United", "mark"), ("Paris", ""),
            ]  # fmt: skip
            assert shown.table.lines[1].cells[-3:-1] == ("B-geo", ".95")

        opened(lab, work)

    def test_the_run_itself_cannot_be_the_second(self, lab: Lab, run: Run, tagger_process: FakeTagger) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await pilot.press("f4")
            await until(pilot, lambda: any("no other tagger" in said for said in notices(app)))

        opened(lab, work)

    def test_choosing_the_second_as_the_first_leaves_one(self, lab: Lab, tagger_process: FakeTagger) -> None:
        second, _ = tagger(lab, "second"), tagger(lab, "first")

        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await picked(app, pilot, "f4", "enter")
            assert shown.other_id == second.id
            await picked(app, pilot, "ctrl+r", "down", "enter")
            assert (shown.run_id, shown.other_id) == (second.id, "")

        opened(lab, work)

    def test_runs_that_cut_a_text_otherwise_stand_apart(self, lab: Lab, tagger_process: FakeTagger) -> None:
        second, _ = tagger(lab, "second"), tagger(lab, "first")
        answer = tagger_process.tag

        def otherwise(args: Any) -> Any:
            return answer({**args, "text": args["text"].replace("-", " ")} if args["run"] == second.id else args)

        tagger_process.answers["tag"] = otherwise

        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await typed(pilot, shown, "Paris-London")
            await picked(app, pilot, "f4", "enter")
            assert "Paris  -London" in text_of(app)
            assert "Paris   London" in text_of(app)
            assert len(rows(app, "A")) == len(rows(app, "B")) == 1

        opened(lab, work)

    def test_the_legend_has_the_types_of_the_runs_that_are_shown(self, lab: Lab, tagger_process: FakeTagger) -> None:
        second, _ = tagger(lab, "second"), tagger(lab, "first")

        def with_other_types(args: Any) -> Any:
            return FakeTagger.tag(tagger_process, args) | ({"types": ["law"]} if args["run"] == second.id else {})

        tagger_process.answers["tag"] = with_other_types

        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await typed(pilot, shown, "in Paris")
            await picked(app, pilot, "f4", "enter")
            assert " tim    law " in text_of(app)
            colour = shown.slots.of("geo")
            await pressed(pilot, shown, "f4")
            assert " law " not in text_of(app)
            assert shown.slots.of("geo") == colour

        opened(lab, work)

    def test_a_second_run_that_fails_leaves_the_first_alone(self, lab: Lab, tagger_process: FakeTagger) -> None:
        second, _ = tagger(lab, "second"), tagger(lab, "first")

        def refuse(args: Any) -> Any:
            if args["run"] == second.id:
                raise LabError("its vocabulary is gone", got="[b]/no/where", hint="train it again")
            return FakeTagger.tag(tagger_process, args)

        tagger_process.answers["tag"] = refuse

        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await typed(pilot, shown, "Paris")
            await picked(app, pilot, "f4", "enter")
            assert "B: its vocabulary is gone" in text_of(app)
            assert "[b]/no/where" in text_of(app)
            assert "geo .97" in rows(app, "A")[0]
            await pressed(pilot, shown, "f4")
            assert "vocabulary" not in text_of(app)

        opened(lab, work, SMALL)


class TestExamples:
    @pytest.mark.parametrize("size", [SMALL, LARGE])
    def test_sentences_of_the_test_set_stand_over_their_gold(
        self, lab: Lab, run: Run, tagger_process: FakeTagger, size: tuple[int, int]
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await pressed(pilot, shown, "f8")
            assert "test 1 of 4, as they come   right" in text_of(app)
            assert "per───" in rows(app, "gold")[0]
            await pressed(pilot, shown, "f8", "f8", "f8")
            assert "test 4 of 4, as they come   wrong" in text_of(app)
            assert "geo═══" in rows(app, "gold")[0]
            await pressed(pilot, shown, "f8")
            await until(pilot, lambda: any("this is the last one" in said for said in notices(app)))
            await pressed(pilot, shown, "escape", "p", "p", "p")
            assert shown.sentences[0].tokens[0] == "Barack"
            await pressed(pilot, shown, "p")
            await until(pilot, lambda: any("this is the first one" in said for said in notices(app)))
            assert len(tagger_process.of("examples")) == 1  # all of them are of one page

        opened(lab, work, size)

    def test_order_and_split_are_asked_for_and_said(self, lab: Lab, run: Run, tagger_process: FakeTagger) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await pressed(pilot, shown, "f8", "f8", "f6")
            assert "test 1 of 2, wrong ones first   wrong" in text_of(app)
            await pressed(pilot, shown, "f9")
            assert "val 1 of 2, wrong ones first" in text_of(app)
            asked = tagger_process.of("examples")[-1]
            assert asked == {"run": run.id, "split": "val", "order": "wrong", "start": 0, "count": 20}
            tagger_process.examples = EXAMPLES[:1]
            await pressed(pilot, shown, "f9")
            assert "f9 goes to the next split" in text_of(app)
            await pressed(pilot, shown, "f9", "f6")
            assert "test 1 of 4, as they come" in text_of(app)  # known from before

        opened(lab, work)

    def test_who_types_while_one_is_fetched_sees_what_was_typed(
        self, lab: Lab, run: Run, tagger_process: FakeTagger
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            tagger_process.held = []
            await pilot.press("f8")
            await until(pilot, lambda: tagger_process.held)
            (answer,), tagger_process.held = tagger_process.held, None
            shown.field.value = "in Paris"
            await until(pilot, lambda: shown.place is None)
            answer()
            await until(pilot, lambda: not shown.busy and shown.sentences)
            assert shown.sentences[0].tokens == ("in", "Paris")

        opened(lab, work)

    def test_pages_follow_each_other(self, lab: Lab, run: Run, tagger_process: FakeTagger) -> None:
        tagger_process.examples = [(f"number {number}", "O O") for number in range(45)]

        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            for number in range(21):
                await pressed(pilot, shown, "f8")
                assert shown.sentences[0].tokens[1] == str(number)
            assert [args["start"] for args in tagger_process.of("examples")] == [0, 20]

        opened(lab, work)

    def test_one_can_be_taken_into_the_field_and_edited(self, lab: Lab, run: Run, tagger_process: FakeTagger) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await pressed(pilot, shown, "escape", "n", "n", "e")
            assert shown.field.value == EXAMPLES[1][0]
            await until(pilot, lambda: app.focused is shown.field)
            await pressed(pilot, shown, *"..")
            assert shown.sentences[0].tokens == ("Iraqi", "troops", "left", ".", ".", ".")
            assert rows(app, "gold") == []

        opened(lab, work)

    def test_escape_goes_back_to_what_was_typed_and_typing_does_too(
        self, lab: Lab, run: Run, tagger_process: FakeTagger
    ) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await typed(pilot, shown, "in Paris")
            await pressed(pilot, shown, "f8")
            assert shown.sentences[0].tokens[0] == "Barack"
            await pressed(pilot, shown, "escape", "escape")
            assert shown.sentences[0].tokens == ("in", "Paris")
            await pressed(pilot, shown, "n", "i", "!")
            assert shown.sentences[0].tokens == ("in", "Paris", "!")

        opened(lab, work)

    def test_the_second_run_tags_the_very_tokens(self, lab: Lab, tagger_process: FakeTagger) -> None:
        second, _ = tagger(lab, "second"), tagger(lab, "first")
        tagger_process.second_run = lambda run: run == second.id

        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await pressed(pilot, shown, "f8")
            await picked(app, pilot, "f4", "enter")
            assert tagger_process.of("tag")[-1] == {"run": second.id, "sentences": [EXAMPLES[0][0].split()]}
            assert [rows(app, name)[0].count("org") for name in ("A", "B", "gold")] == [1, 0, 1]
            await pressed(pilot, shown, "f8")
            assert shown.others[0].tokens == shown.sentences[0].tokens

        opened(lab, work)

    def test_the_second_best_tagging_comes_and_goes(self, lab: Lab, run: Run, tagger_process: FakeTagger) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await typed(pilot, shown, "in Paris")
            assert rows(app, "2nd") == [".09    ·······"]
            assert "·· only in the first row" in text_of(app)
            await pressed(pilot, shown, "f2")
            assert rows(app, "2nd") == []

        opened(lab, work, SMALL)


class TestTrouble:
    def test_an_error_stands_in_the_place_of_the_sentence_and_f5_asks_again(
        self, lab: Lab, run: Run, tagger_process: FakeTagger
    ) -> None:
        def refuse(args: Any) -> Any:
            raise LabError("the inference process ended", got="[red]Killed", hint="out of memory?")

        tagger_process.answers["tag"] = refuse

        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await typed(pilot, shown, "Paris")
            for words in ("the inference process ended", "[red]Killed", "out of memory?", "f5 asks again"):
                assert words in text_of(app)
            tagger_process.answers["tag"] = tagger_process.tag
            await pressed(pilot, shown, "f5")
            assert "geo .97" in text_of(app)

        opened(lab, work, SMALL)

    def test_a_run_that_is_deleted_meanwhile_is_an_error_with_words(
        self, lab: Lab, run: Run, tagger_process: FakeTagger
    ) -> None:
        def gone(args: Any) -> Any:
            raise LabError("this run has no checkpoint", got=args["run"])

        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await typed(pilot, shown, "Paris")
            shutil.rmtree(run.path)
            tagger_process.answers["tag"] = gone
            await until(pilot, lambda: not app.snapshot.rows)
            await typed(pilot, shown, "London")
            assert "this run has no checkpoint" in text_of(app)
            await pilot.press("ctrl+r")
            await until(pilot, lambda: any("no other tagger" in said for said in notices(app)))

        opened(lab, work)

    GARBAGE = (None, [], "text", {}, {"run": 1}, {"sentences": "many"}, {"sentences": [{"tokens": ["a"]}], "types": []})

    @pytest.mark.parametrize("answer", GARBAGE, ids=repr)
    def test_an_answer_that_is_none_is_an_error_and_no_crash(
        self, lab: Lab, run: Run, tagger_process: FakeTagger, answer: Any
    ) -> None:
        tagger_process.answers["tag"] = tagger_process.answers["examples"] = lambda args: answer

        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await typed(pilot, shown, "Paris")
            assert "cannot be understood" in text_of(app)
            await pressed(pilot, shown, "f8")
            assert "the examples in the answer cannot be understood" in text_of(app)

        opened(lab, work)

    def test_a_text_without_words_says_so(self, lab: Lab, run: Run, tagger_process: FakeTagger) -> None:
        empty = {"tokens": [], "tags": [], "probabilities": [], "entities": [], "probability": 1.0}

        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            for sentences in ([], [empty]):
                tagger_process.answers["tag"] = lambda args, found=sentences: {
                    "run": "r", "types": [], "sentences": found,
                }  # fmt: skip
                await typed(pilot, shown, f"_{len(sentences)}")
                assert "no word in this text" in text_of(app)

        opened(lab, work)

    def test_while_it_waits_it_says_for_what_and_keys_still_act(
        self, lab: Lab, run: Run, tagger_process: FakeTagger
    ) -> None:
        tagger_process.held = []

        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await pilot.press(*"Paris")
            await until(pilot, lambda: tagger_process.held)
            tagger_process.doing = Doing("tag", app.watcher.looked - 7, True)
            await until(pilot, lambda: "loading torch and the network" in text_of(app))
            tagger_process.doing = Doing("examples", tagger_process.doing.since, False)
            await until(pilot, lambda: "tagging the split... " in text_of(app))
            await pilot.press("f8", "f8", "f9", "f6", "f2", "f3", "escape", "tab")
            held, tagger_process.held, tagger_process.doing = tagger_process.held, None, None
            for answer in reversed(held):
                answer()
            await until(pilot, lambda: not shown.busy)
            assert "val 1 of 2, wrong ones first" in text_of(app)
            assert shown.sentences[0].tokens[0] == "French"

        opened(lab, work)

    def test_weights_that_changed_are_asked_again(self, lab: Lab, run: Run, tagger_process: FakeTagger) -> None:
        async def work(app: LabApp, pilot: Pilot[None], shown: TagScreen) -> None:
            await typed(pilot, shown, "Paris")
            assert shown.row is not None
            later = type(shown.row)(**{**vars(shown.row), "epoch": shown.row.epoch + 1})
            shown.take_snapshot(type(app.snapshot)(rows=(later,), total=1, complete=True))
            await typed(pilot, shown, "London")
            await typed(pilot, shown, "Paris")
            assert [args["text"] for args in tagger_process.of("tag")] == ["Paris", "London", "Paris"]

        opened(lab, work)


def test_every_action_of_the_table_is_a_method_with_a_key_that_acts_in_the_field() -> None:
    for action in actions_of(TAG):
        assert hasattr(TagScreen, f"action_{action.name}")
        assert action.name == "write" or action.keys.startswith(("f", "ctrl+"))
