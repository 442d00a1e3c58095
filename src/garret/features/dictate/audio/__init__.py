"""Audio for dictation: decoding files, the spool, FLAC keeping, voice activity and cutting at silences.

Everything inside is mono, 16 kHz, signed 16-bit little-endian PCM. Modules here are loaded in workers
only: they import numpy, soundfile, soxr and, when a file needs it, PyAV. They take file descriptors
that were handed over and never open or look for anything by themselves.
"""
