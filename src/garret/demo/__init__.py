"""The demonstration: the main job on real audio, through the real processes, with two of them killed."""
