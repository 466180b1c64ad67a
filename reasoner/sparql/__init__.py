"""SPARQL for callers: read only, on our own graph, in a process that can be killed.

``gate`` refuses by text what a caller may not ask. ``limits`` bounds what the rest may
cost, and takes away what the gate might have missed: the process that answers can open
no file and no connection. ``evaluate`` answers, inside those bounds.
"""
