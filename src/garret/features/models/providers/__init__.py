"""How language models are spoken to: one conversation, three dialects."""
