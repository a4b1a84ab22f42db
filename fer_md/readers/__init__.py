"""Readers of public data sets, each for the layout in which its data set is distributed."""
