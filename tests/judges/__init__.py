"""Judges of the built pages: each looks at a page or a file and returns what is wrong with it."""
