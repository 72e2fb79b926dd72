"""The sections of a report, one idea each: a function from a subject to a section, or None where nothing is to show."""

from __future__ import annotations

from collections.abc import Mapping

from engine.report.document import Section
from engine.report.sections.agreement import agreement
from engine.report.sections.classes import classes, confusion
from engine.report.sections.curves import curves
from engine.report.sections.gradcam import gradcam
from engine.report.sections.quantiles import quantiles
from engine.report.sections.searches import beams, grammar
from engine.report.sections.statistics import statistics
from engine.report.subject import Builder

# what a study may ask for (engine.studies.definition.Section), in the order of a report that shows all
BUILDERS: Mapping[str, Builder] = {
    "statistics": statistics,
    "curves": curves,
    "agreement": agreement,
    "quantiles": quantiles,
    "classes": classes,
    "confusion": confusion,
    "beams": beams,
    "grammar": grammar,
    "gradcam": gradcam,
}
__all__ = ["BUILDERS", "Section"]
