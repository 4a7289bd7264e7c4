"""Studies that choose parameters on training seeds; what they find is a signed parameter file."""
