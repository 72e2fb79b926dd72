"""What the Solve screen and `labapp solve` know without a terminal: problems, beams, how these are laid out."""
