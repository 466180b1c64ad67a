"""SPARQL for callers: read only, on our own graph, in a process that can be killed.

``gate`` refuses by text what a caller may not ask, ``evaluate`` answers the rest. Over HTTP
it does so in a worker whose limits bound what that may cost, and take away what the gate
might have missed: it can open no file and no connection.
"""
