"""A regular package, so that no other one called `tests` (opensimplex, which Crafter needs, installs one) comes first."""
