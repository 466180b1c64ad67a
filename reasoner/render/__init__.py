"""An answer as data, as text and as a graph."""
