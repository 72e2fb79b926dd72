"""The sections of a report."""

from __future__ import annotations

from typing import get_args

from engine.report.sections import BUILDERS
from engine.report.subject import Curve, mean_curve
from engine.studies.definition import Section


def test_there_is_a_builder_for_every_section_a_study_may_ask_for() -> None:
    assert set(BUILDERS) == set(get_args(Section))


def test_seeds_are_averaged_where_all_of_them_were_measured() -> None:
    one = Curve((1.0, 2.0, 3.0), (10, 20, 30), (0.5, 0.7, float("nan")))
    other = Curve((1.0, 2.0), (12, 22), (0.7, 0.7))
    found = mean_curve([one, other])
    assert found is not None
    assert (found.epochs, found.steps, found.seeds) == ((1.0, 2.0), (11.0, 21.0), 2)
    assert [round(value, 4) for value in (*found.mean, *found.spread)] == [0.6, 0.7, 0.1414, 0.0]
    assert mean_curve([]) is None
