"""Speech engines behind one contract: PocketSphinx (bundled), Whisper by CTranslate2, sherpa-onnx (an extra).

`contract` says what an engine is, `registry` finds one by name; each engine is one module, imported
only when it is opened. They compute and nothing else: no network, no files but the model folder.
"""
