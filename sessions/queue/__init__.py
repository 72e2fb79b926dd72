"""The queue of a home on this host: what waits and what goes on, who may start now, and starting it.

Start reading at `process`, which is also what front ends ask; then `lineup` (what is there), `slots` (who may start,
pure), `starting` (doing it) and `ordering` (how people change it). What is on paper lies in `sessions.run.tickets` and
`sessions.queuefiles`.
"""
