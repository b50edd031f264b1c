"""The verbs, one file each: scan, submit, track, collect, retry, reconcile, export."""
