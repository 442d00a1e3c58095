"""Jobs: commands that a person would miss, from the ledger through their run and back."""
