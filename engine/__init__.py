"""Training: settings, recipes, catalogues, data, the one trainer, evaluation.

May import `models`; knows no screen and no process.
"""
