"""The whole runtime: in this process, and in processes that are started and killed."""
