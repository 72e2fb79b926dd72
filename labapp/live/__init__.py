"""What the screens show of a world that changes by itself: threads that look at it, and runs as rows and curves.

Start reading at `watch` (the runs) and `sampling` (the machine); both post messages when something changed.
"""
