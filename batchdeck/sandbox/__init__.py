"""The Message Batches API served from this machine, for trying, testing and working without a key."""
