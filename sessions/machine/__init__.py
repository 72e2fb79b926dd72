"""The machine at one moment: GPUs and whose processes are on them, CPU, memory, disk. Torch-free, knows no run.

Start reading at `sampler`, which asks all the others; `gpus` alone is what choosing a GPU needs.
"""
