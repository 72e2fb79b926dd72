"""Runs on disk and the processes behind them: a run's directory, status, worker and inference processes."""
