"""What the screens that use trained models share: asking the inference process, its answers, which runs can do it."""
