"""Settings: what can be set, where it is kept, who hears of a change."""
