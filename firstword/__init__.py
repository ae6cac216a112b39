"""Firstword: a status page whose every sentence is signed by a person."""
