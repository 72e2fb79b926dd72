"""One run: the files of its directory, what they say it is doing, and all runs of a home.

It knows nothing of the queue that starts it. Start reading at `records` (the files), then `status` (what is derived
from them), `runs` (a run as a person sees it) and `store` (all of them).
"""
