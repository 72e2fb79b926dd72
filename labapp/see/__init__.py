"""What the See screen knows without a terminal: pictures, what is asked of the inference process, what it answers."""
