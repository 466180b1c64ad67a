"""The short way in: a plain request, from bytes to laid-out facts in one pass.

Nearly every request is made of named records in plain Turtle, with nothing wrong in it. What
is sure to be one is read here, against tables made from the same declarations and axioms
that gate and classifier work by. Anything else gets no answer here and goes the long way,
which alone refuses: so a message, and every doubtful case, comes from one place.
"""

from .reader import QuickReader

__all__ = ["QuickReader"]
