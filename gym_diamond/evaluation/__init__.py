"""How far a dream can be trusted: a world held against real play that it was not fitted to."""
