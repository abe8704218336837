"""A regular package: one of the same name that opensimplex, which Crafter needs, installs would else come first."""
