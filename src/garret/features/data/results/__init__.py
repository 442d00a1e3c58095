"""Results: one form for all engines, pages of them, summaries, charts and exports."""
