"""Whisper by CTranslate2: log-mel features, decoding with its guards, words with their times.

Radford et al.: Robust Speech Recognition via Large-Scale Weak Supervision, 2022 (below: Radford). `engine` is
what the registry opens. `windows` walks over a segment 30 s at a time; `features`, `vocabulary`, `guards` and
`words` are pure.
"""
