"""Agents that learn in dreams: public API of `gym_diamond` only, one file an algorithm. Not part of the wheel."""
