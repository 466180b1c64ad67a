"""What the program knows: ontology, code tables, components and policies, loaded once."""
