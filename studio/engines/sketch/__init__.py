"""Sketch: the embedded stand-in for a model. The same words and seed give the same bytes."""

from .engine import SketchEngine

__all__ = ["SketchEngine"]
