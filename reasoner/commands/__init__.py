"""What the command line does: one module a command or family of them.

A module is imported with the command line, so it imports what its command needs when that
is called: ``covergraph --version`` loads no policy and no graph.
"""
