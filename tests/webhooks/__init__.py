"""Webhooks from end to end: real receivers on loopback, real runtimes and processes."""
