"""The rules of the specification: one module a file, each a function from a feed to its notices."""
