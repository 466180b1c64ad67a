"""Policies held against each other for every possible patient, not for samples.

A question is put to a SAT solver: the request is a circuit of unknown bits, its criteria are
gates over them, and what the solver finds is written out as a request and decided by the
engine before anybody is told. Nothing here is written for a policy or a payer; what a policy
asks that cannot be put into the circuit is refused by name.
"""
