"""Runs side by side: how their numbers are written, for the command and for the screen."""
