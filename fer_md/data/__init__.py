"""Prepared data sets: what they hold, how they are split, checked, written and read, and the batches made of them."""
