"""The face of the laboratory: the command line. Never imports torch, never trains, decodes or evaluates."""
