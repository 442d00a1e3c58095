"""The synthesizers behind one contract; loaded only in the isolated worker that speaks."""
