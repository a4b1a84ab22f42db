"""Readers of data sets, each of which takes the layout in which its data set is handed out."""
