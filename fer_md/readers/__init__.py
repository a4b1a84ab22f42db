"""Readers of data sets, each after the layout in which the data set is handed out."""
