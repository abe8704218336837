"""How fast dreams and fits are on this machine, beside what the machine could do and beside the reference."""
