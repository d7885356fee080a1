"""Notebook → page: the only part of the library that runs notebooks and writes pages."""
