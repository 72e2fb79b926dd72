"""Where networks look: contact sheets of Grad-CAM pictures, and how much of the heat lies on the objects."""

from __future__ import annotations

from engine.report.document import Block, Figure, Picture, Section, fraction, note, slug, table
from engine.report.subject import Subject

MOST = 12  # sheets


def gradcam(subject: Subject) -> Section | None:
    blocks: list[Block] = []
    rows = []
    for cell in subject.cells:
        for run in cell.runs:
            if run.heat:
                inside, covered = run.heat.get("inside", 0.0), run.heat.get("covered", 0.0)
                times = f"{inside / covered:.1f}" if covered else ""
                rows.append([cell.label, str(run.seed), f"{run.heat.get('pictures', 0):.0f}", fraction(inside, 3),
                             fraction(covered, 3), times])  # fmt: skip
            for sheet in run.sheets[: MOST - len([each for each in blocks if isinstance(each, Figure)])]:
                name = f"gradcam-{slug(cell.label)}-{run.seed}-{slug(sheet.name)}"
                caption = (
                    f"{cell.label} (seed {run.seed}), {sheet.name}: pictures, and the evidence for their class laid "
                    "over them; those classified rightly come first."
                )
                blocks.append(Figure(name, Picture(sheet.png), caption))
    if rows:
        head = ("", "seed", "pictures", "heat inside the object", "object covers", "times chance")
        blocks.append(table(head, rows, "Share of the heat that lies on the object, where objects are known."))
    if not blocks:
        return None
    blocks.append(
        note(
            "Grad-CAM: gradients of the class's score, averaged over the 2n convolutions' outputs of the last stage; "
            "heat is the evidence for the correct class."
        )
    )
    return Section("gradcam", "Where the network looks", tuple(blocks))
