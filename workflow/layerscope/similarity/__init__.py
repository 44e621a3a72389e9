"""How alike two representations of the same observations are: one module a measure, each of which declares itself."""
