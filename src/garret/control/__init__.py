"""The control plane: the one trusted process. It brokers, decides, supervises and computes nothing heavy.

Importing this package loads nothing; every part is imported where it is used.
"""
