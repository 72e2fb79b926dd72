"""From choices to runs in the queue: what the New screen holds, checks, foretells and launches.

Start reading at `drafts` (what is held), then `checking` (is it sound) and `launching`, which `labapp train` shares.
Imports pydantic: never before the app's first frame, and in a thread.
"""
