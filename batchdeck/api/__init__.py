"""The Message Batches API through the official SDK: one gateway, raw results, errors mapped to ours."""
