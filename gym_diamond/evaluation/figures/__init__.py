"""The pictures of a dream card, one file each: drawn from values, without a screen or any global state."""
