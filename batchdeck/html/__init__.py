"""Page answers -> one accessible document: pure functions over html5lib trees, one stage a file.

No stage reads a file, the network or the clock; each takes pages in and gives pages plus a list of changes.
"""
