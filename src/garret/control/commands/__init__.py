"""Commands: how one is admitted, judged, handled and answered."""
