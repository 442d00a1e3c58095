"""Text into the program that has the focus, or held: never twice, never another's, never a false claim."""
