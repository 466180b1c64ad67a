"""FHIR R4 in, and what a clinic's software needs out.

Resources become a request graph by tables under ``data/fhir``: what is used is linked to its
resource, what is not used is listed with the reason, and nothing is guessed from free text. The
lists of a bundle are never complete, so what it does not show is asked for.
"""
