"""Studies: experiments of several runs. What they consist of, and what their numbers say. Torch-free."""
