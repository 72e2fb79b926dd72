"""Runs taken elsewhere and brought back: tables for spreadsheets, event files for TensorBoard, bundles, small records.

What leaves says how and how well a run went, and holds what it learned, but not where: `portable` takes paths and
hosts out. What comes in is not trusted: `unpacking` and `checking` let nothing through that labapp would not have
written. Start reading at `bundle` (the format), then `packing` and `importing`.
"""
