"""The app's themes: dark, light, and both with colours that colour-blind people tell apart.

One accent for what is live, one for trouble, the rest calm. The curves' own palette is in `labapp.charts`.
"""

from __future__ import annotations

from textual.theme import Theme

THEMES = (
    Theme(
        name="lab-dark",
        dark=True,
        primary="#5f87af",
        secondary="#87afd7",
        accent="#5fd7af",
        success="#5fd7af",
        warning="#d7af5f",
        error="#ff6b6b",
        foreground="#d0d4da",
        background="#14171c",
        surface="#1a1e25",
        panel="#252b34",
    ),
    Theme(
        name="lab-light",
        dark=False,
        primary="#2f5f8f",
        secondary="#4f7fa7",
        accent="#00765a",
        success="#00765a",
        warning="#8a5a00",
        error="#c0222c",
        foreground="#20262e",
        background="#fbfbf9",
        surface="#f1f2ef",
        panel="#e2e5e1",
    ),
    Theme(  # Okabe and Ito: sky blue for live, vermilion for trouble
        name="lab-dark-safe",
        dark=True,
        primary="#8a93a0",
        secondary="#b0b8c4",
        accent="#56b4e9",
        success="#56b4e9",
        warning="#f0e442",
        error="#ff8c42",
        foreground="#d8dce2",
        background="#14171c",
        surface="#1a1e25",
        panel="#252b34",
    ),
    Theme(
        name="lab-light-safe",
        dark=False,
        primary="#4a5563",
        secondary="#5f6b7a",
        accent="#0060a8",
        success="#0060a8",
        warning="#7a5c00",
        error="#b84500",
        foreground="#20262e",
        background="#fbfbf9",
        surface="#f1f2ef",
        panel="#e2e5e1",
    ),
)
