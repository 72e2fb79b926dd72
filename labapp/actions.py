"""Everything a key can do, in one table: footer, help, palette, the user's keymap and the tests read it.

An action named `stop` is the method `action_stop` of the screen it belongs to (`where`), or of the app.
Imports in milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

EVERYWHERE, RUNS, RUN, NEW, MACHINE, CHARTS = "everywhere", "runs", "run", "new", "machine", "charts"
TAG, SOLVE, SEE, COMPARE = "tag", "solve", "see", "compare"
STUDY = "study"
WITH_CHARTS = (RUNS, RUN, COMPARE)  # where the keys of the charts act, too


# keys whose names are not what is printed on them
KEY_NAMES = {
    "question_mark": "?", "slash": "/", "less_than_sign": "<", "greater_than_sign": ">", "right_square_bracket": "]",
    "left_square_bracket": "[", "plus": "+", "minus": "-", "escape": "esc", "equals_sign": "=", "underscore": "_",
    "full_stop": ".", "comma": ",",
}  # fmt: skip


@dataclass(frozen=True)
class Action:
    """One thing to do, its keys (comma-separated), and the words for it."""

    name: str
    keys: str
    label: str  # in the footer: one or two words
    help: str  # in the help: a sentence
    where: str
    footer: bool = False


@dataclass(frozen=True)
class ScreenRow:
    """One of the numbered screens: `load` is the "module:class" that builds it; `operation` is what a task's runs
    must be able to do to be tried there, where runs are tried."""

    key: str
    name: str
    title: str
    load: str
    help: str
    operation: str = ""


SCREENS = (
    ScreenRow("1", "runs", "Runs", "labapp.screens.runs:RunsScreen", "all runs, with the curves of those you mark"),
    ScreenRow("2", "new", "New", "labapp.screens.new:NewScreen", "configure and launch a training"),
    ScreenRow(
        "3", "compare", "Compare", "labapp.screens.compare:CompareScreen", "the marked runs or a study, side by side"
    ),
    ScreenRow(
        "4", "tag", "Tag", "labapp.screens.tag:TagScreen", "entities in what you type, as trained runs see them", "tag"
    ),
    ScreenRow(
        "5",
        "solve",
        "Solve",
        "labapp.screens.solve:SolveScreen",
        "programs for word problems, worked out",
        "solve",
    ),
    ScreenRow(
        "6",
        "see",
        "See",
        "labapp.screens.see:SeeScreen",
        "pictures, and where a trained network looks in them",
        "explain",
    ),
    ScreenRow("7", "machine", "Machine", "labapp.screens.machine:MachineScreen", "GPUs, CPU, memory, disk, the queue"),
)

ACTIONS = (
    Action("help", "question_mark,f1", "help", "This help", EVERYWHERE, True),
    Action("palette", "ctrl+p", "palette", "Every action by name", EVERYWHERE),
    Action("theme", "ctrl+t", "theme", "Next theme: dark, light, colour-blind-safe dark and light", EVERYWHERE),
    Action("back", "escape", "back", "Back: leave a field, a screen, a question", EVERYWHERE),
    Action("quit", "q,ctrl+c", "quit", "Leave; runs go on", EVERYWHERE),
    # runs
    Action("open", "enter", "open", "Open the run under the cursor; unfold a study, or fold it", RUNS, True),
    Action("mark", "space", "mark", "Mark the run or the study's runs: curves overlay, keys act", RUNS, True),
    Action("fold", "f", "fold", "Fold or unfold the study that the cursor is on or in", RUNS),
    Action("unmark_all", "u", "unmark", "Take all marks away", RUNS),
    Action("new", "n", "new", "Configure a new training", RUNS, True),
    Action("again", "d", "again", "New, filled with this run's settings; more of a study", RUNS, True),
    Action("stop", "S", "stop", "Stop: finish the step, save, evaluate, write the result", RUNS, True),
    Action("pause", "P", "pause", "Pause: save, leave, keep the place in the queue", RUNS, True),
    Action("resume", "R", "resume", "Resume from the last checkpoint", RUNS, True),
    Action("kill", "K", "kill", "Kill at once, with everything it started", RUNS),
    Action("delete", "D,delete", "delete", "Move to the trash (labapp restore brings it back)", RUNS),
    Action("label", "L", "label", "Name, tags and note", RUNS),
    Action(
        "filter",
        "slash",
        "filter",
        "Show only some: words, task:images, status:running, study:norms, accuracy:.9..",
        RUNS,
        True,
    ),
    Action("sort", "s", "sort", "Sort by the next column", RUNS),
    Action("reverse", "r", "reverse", "Turn the order round", RUNS),
    Action("group", "G", "group", "Group by study, task, variant, dataset, status, or not", RUNS),
    Action("columns", "C", "columns", "Choose the columns", RUNS),
    Action("metric", "m", "metric", "The next metric in the large chart", RUNS),
    Action("earlier", "less_than_sign", "sooner", "Earlier in the queue", RUNS),
    Action("later", "greater_than_sign", "later", "Later in the queue", RUNS),
    Action("copy", "Y", "copy", "Copy the run's id", RUNS),
    Action(
        "try_out",
        "t",
        "try",
        "Try the trained network: on pictures (See), sentences (Tag) or problems (Solve)",
        RUNS,
        True,
    ),
    Action("compare", "v", "versus", "Compare the marked runs, or a study: also with what reports state", RUNS, True),
    # one run
    Action("stop", "S", "stop", "Stop: finish the step, save, evaluate, write the result", RUN, True),
    Action("pause", "P", "pause", "Pause: save, leave, keep the place in the queue", RUN, True),
    Action("resume", "R", "resume", "Resume from the last checkpoint", RUN, True),
    Action("kill", "K", "kill", "Kill at once, with everything it started", RUN),
    Action("delete", "D,delete", "delete", "Move to the trash (labapp restore brings it back)", RUN),
    Action("again", "d", "again", "A new training filled with this run's settings", RUN, True),
    Action("label", "L", "label", "Name, tags and note", RUN),
    Action("copy", "Y", "copy", "Copy the run's id; on Artifacts the line that fetches the file", RUN),
    Action("next_tab", "right_square_bracket", "next tab", "The next tab", RUN, True),
    Action("previous_tab", "left_square_bracket", "tab", "The tab before", RUN),
    Action(
        "next_error",
        "e",
        "next error",
        "The next picture, sentence or problem it gets wrong; enter takes it to where the network is tried",
        RUN,
        True,
    ),
    Action("split", "s", "split", "The report of the next split: train, val, test", RUN),
    Action("order", "o", "order", "The report's classes: the worst first, or as they come", RUN),
    Action("view", "v", "view", "The report in a small terminal: classes, or confusion matrix and examples", RUN),
    Action("search", "slash", "search", "Search the log", RUN),
    Action("next_match", "N", "next match", "The next place in the log that matches", RUN),
    Action("metric", "m", "metric", "The next metric in the large chart", RUN),
    Action(
        "try_out",
        "t",
        "try",
        "Try the trained network: on pictures (See), sentences (Tag) or problems (Solve)",
        RUN,
        True,
    ),
    # new
    Action("launch", "f5,ctrl+g", "launch", "Launch with what the form says", NEW, True),
    Action("pane", "f3", "settings", "From the choices to the settings and back", NEW, True),
    Action("study", "f4", "a study", "A whole study instead: several variants, several seeds", NEW, True),
    Action("next_recipe", "f6", "recipe", "The next recipe", NEW, True),
    Action("defaults", "f7", "defaults", "Back to the recipe's values", NEW, True),
    Action("only_changed", "f8", "changed", "Show only what differs from the recipe", NEW, True),
    Action("reset_field", "f9,ctrl+z", "reset", "This field back to what it was", NEW, True),
    Action("find", "ctrl+f", "find", "Find a setting by its name or help", NEW, True),
    # compare
    Action("open", "enter", "open", "Open the run under the cursor (of several seeds the first)", COMPARE, True),
    Action("another", "a", "another", "Compare something else: the marked runs, or a study", COMPARE, True),
    Action("split", "p", "split", "The next split: train, val, test", COMPARE, True),
    Action(
        "metric", "m", "metric", "The next metric: in the chart, and first in the table with the reports", COMPARE, True
    ),
    Action("sort", "s", "sort", "Sort by the next column", COMPARE, True),
    Action("reverse", "r", "reverse", "Turn the order round", COMPARE),
    Action("differences", "d", "settings", "The settings that differ, or the numbers", COMPARE, True),
    Action("view", "v", "view", "Curves and numbers, or one of them alone", COMPARE, True),
    Action("mark", "space", "curve", "The curve of this row, or not", COMPARE, True),
    Action("report", "R", "report", "Write it up: an HTML file with tables, curves and findings", COMPARE, True),
    Action("copy", "Y", "copy", "Copy the ids of this row's runs", COMPARE),
    # a whole study
    Action("launch", "f5,ctrl+g", "launch", "Launch what is not there yet", STUDY, True),
    Action("pane", "f3", "settings", "From the study to its settings and back", STUDY, True),
    Action("next_study", "f4", "another", "The next study", STUDY, True),
    Action("next_recipe", "f6", "recipe", "The next recipe", STUDY, True),
    Action("defaults", "f7", "defaults", "Back to the study's own settings", STUDY, True),
    Action("only_changed", "f8", "changed", "Show only what differs from the recipe", STUDY, True),
    Action("reset_field", "f9,ctrl+z", "reset", "This field back to what it was", STUDY, True),
    Action("find", "ctrl+f", "find", "Find a setting by its name or help", STUDY, True),
    # tag; the function keys act in the text field too
    Action("next_example", "f8,n", "next", "The next sentence of the split, with the corpus's tags beside", TAG, True),
    Action("previous_example", "f7,p", "before", "The sentence of the split before", TAG, True),
    Action("order", "f6,r", "order", "Sentences as they come, or those first that it gets wrong", TAG, True),
    Action("split", "f9,s", "split", "The next split: test, val, train", TAG, True),
    Action("compare", "f4,c", "compare", "A second run beside this one; again: without it", TAG, True),
    Action("tokens", "f3,l", "tokens", "Every token with its tag and probability, or without", TAG, True),
    Action("second_best", "f2,b", "second", "The second-best tagging, or without", TAG, True),
    Action("edit", "ctrl+o,e", "edit", "Take the sentence into the field", TAG, True),
    Action("another", "ctrl+r,a", "run", "Another run", TAG, True),
    Action("write", "i,slash", "type", "Into the field; esc or tab leaves it", TAG),
    Action("refresh", "f5", "again", "Ask once more, after an error", TAG),
    # solve; the function keys act in the text fields too
    Action("next_example", "f8,n", "next", "The next problem of the split, with the right answer", SOLVE, True),
    Action(
        "narrower", "f3,less_than_sign,minus", "beam <", "A narrower beam: fewer programs are followed", SOLVE, True
    ),
    Action("wider", "f4,greater_than_sign,plus", "beam >", "A wider beam: more programs are followed", SOLVE, True),
    Action("grammar", "f2,g", "grammar", "Only programs that can be read, or the plain search", SOLVE, True),
    Action("order", "f6,r", "order", "Problems as they come, those it gets wrong first, or novel ones", SOLVE, True),
    Action("program", "ctrl+y,y", "yours", "Score a program that you type; again: without it", SOLVE, True),
    Action("edit", "ctrl+o,e", "edit", "Take the problem into the field", SOLVE, True),
    Action("another", "ctrl+r,a", "run", "Another run", SOLVE, True),
    Action("previous_example", "f7,p", "before", "The problem of the split before", SOLVE, True),
    Action("split", "f9,s", "split", "The next split: test, val, train", SOLVE, True),
    Action("copy", "ctrl+l,Y", "copy", "Copy the program under the cursor", SOLVE, True),
    Action("write", "i,slash", "type", "Into the field; esc or tab leaves it", SOLVE),
    Action("refresh", "f5", "again", "Ask once more, after an error", SOLVE),
    # see
    Action("enlarge", "enter", "open", "Into a class; its picture large, or small again; arrows go on", SEE, True),
    Action("mark", "space", "mark", "Mark the picture for the export", SEE, True),
    Action("export", "e", "export", "Write the marked pictures, else the one under the cursor, as files", SEE, True),
    Action("sheets", "E", "sheets", "Write contact sheets of this class or of all", SEE, True),
    Action("own", "o", "own file", "Open a picture file of yours", SEE, True),
    Action("target", "c", "class", "The class whose evidence the heat shows", SEE, True),
    Action("layer", "l", "layer", "The layer the heat is taken from", SEE, True),
    Action("split", "s", "split", "The next split: val, test, train", SEE, True),
    Action("order", "r", "order", "The next order: random, the surest first, the least sure first", SEE, True),
    Action("another", "a", "run", "Another run", SEE, True),
    Action("copy", "Y", "copy", "Copy the line that fetches what was written", SEE),
    Action("unmark_all", "u", "unmark", "Take all marks away", SEE),
    Action("refresh", "f5", "again", "Ask once more, after an error", SEE),
    Action("new", "n", "new", "Configure a new training", SEE),
    # machine
    Action("earlier", "less_than_sign", "sooner", "Earlier in the queue", MACHINE, True),
    Action("later", "greater_than_sign", "later", "Later in the queue", MACHINE, True),
    Action("first", "F", "first", "First in the queue", MACHINE),
    Action("pause", "P", "hold", "Hold in the queue", MACHINE, True),
    Action("resume", "R", "release", "Let it go on", MACHINE, True),
    Action("stop", "S", "take out", "Take out of the queue, or stop what runs", MACHINE, True),
    Action("open", "enter", "open", "Open the run", MACHINE, True),
    Action("more_slots", "plus", "more slots", "One run more at a time on each GPU (without one: on the CPU)", MACHINE),
    Action("fewer_slots", "minus", "fewer", "One run fewer at a time", MACHINE),
)


def actions_of(where: str) -> tuple[Action, ...]:
    return tuple(action for action in ACTIONS if action.where == where)


def all_actions() -> tuple[Action, ...]:
    """With those that every chart has."""
    return ACTIONS + actions_of_charts()


def actions_of_charts() -> tuple[Action, ...]:
    from labapp.charts.actions import CHART_ACTIONS

    return tuple(
        Action(name, keys, name.replace("_", " "), help[0].upper() + help[1:], CHARTS)
        for name, keys, help in CHART_ACTIONS
    )
