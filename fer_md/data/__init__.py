"""Prepared data sets: contents, splits and checks, how they are written and read, and the batches made of them."""
