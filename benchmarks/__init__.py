"""Measuring: how fast Firstword and its peers are on the same text, on the same machine."""
