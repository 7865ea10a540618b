"""The audit file: reading, checking and resolving what people signed.

Empty on purpose: `evenhand --help` must not pay for pydantic. Start reading at `loader.py`.
"""
