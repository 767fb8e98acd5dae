"""Realistic mistakes of converters, made on good models, and whether Ferry catches each."""
