"""Who hears from us by mail, what was sent to whom, and the sending itself.

Editions and their words come from `digest`; the values that travel between the two are in `parcel`.
"""
