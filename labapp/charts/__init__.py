"""Curves in a terminal: what to draw (curve, view), how (columns, decimate, smoothing, raster), with plotext (plot).

Importing this package costs nothing: numpy and plotext come with `labapp.charts.build`, when a first chart is drawn.
"""
