"""The commands of `labapp`, one file for each group of them."""
