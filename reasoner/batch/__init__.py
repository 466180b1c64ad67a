"""Many requests in one run: what goes in comes out once, in its order, whatever happens.

``sources`` reads the inputs as records, ``pool`` hands them to processes, ``decider`` turns
the bytes of one into its decisions, ``ledger`` keeps what is done, so that a run that was
killed goes on, and ``output`` writes the files once everything is decided. ``change`` says
who gains and who loses between two policies. ``run`` puts them together.
"""
