"""Ray Data: the batch pipeline and the command line."""
