"""The outbox: what has to reach somebody outside, kept with what caused it until it is there."""
