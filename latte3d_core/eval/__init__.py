"""Measuring a model on assets it never saw."""
