"""The translator: a question in plain words becomes a query over a catalogue, or nothing."""
