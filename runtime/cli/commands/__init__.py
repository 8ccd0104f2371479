"""The subcommands of ``quaero``, one file each. A command's function is its signature; its docstring is its help."""
