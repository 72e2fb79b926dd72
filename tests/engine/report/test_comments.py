"""A person's comments: where they go, and what is made of them."""

from __future__ import annotations

from engine.report.comments import place, read
from engine.report.document import Bullets, Code, Paragraph, Section, Span

TEXT = """\
In *short*: **bn** wins, see `labapp show`.

## Statistics
- one
- two
  goes on

1. first

```
## no heading in here
```
## my own thoughts
<b>raw</b> and [a link](https://x.example/a)
"""


def test_comments_go_below_the_section_they_name() -> None:
    sections = [Section("statistics", "Statistics", ()), Section("curves", "Curves", ())]
    placed, own = place(sections, read(TEXT))
    assert placed[0].blocks == (
        Bullets(((Span("one"),), (Span("two goes on"),))),
        Bullets(((Span("first"),),), ordered=True),
        Code(("## no heading in here",)),
    )
    assert placed[1].blocks == ()
    assert [each.title for each in own] == ["Comments", "my own thoughts"]


def test_a_small_part_of_markdown_is_known_and_the_rest_is_text() -> None:
    found = read(TEXT)
    (first,) = found[""]
    assert isinstance(first, Paragraph)
    assert [(span.text, span.style) for span in first.words] == [
        ("In ", "plain"),
        ("short", "emphasis"),
        (": ", "plain"),
        ("bn", "strong"),
        (" wins, see ", "plain"),
        ("labapp show", "code"),
        (".", "plain"),
    ]
    (last,) = found["my own thoughts"]
    assert isinstance(last, Paragraph)
    assert last.words == (Span("<b>raw</b> and a link (https://x.example/a)"),)


def test_nothing_is_no_comment() -> None:
    assert read("") == {}
    assert read("\n\n## statistics\n") == {}
