"""The numbered SQL files of the control plane's own tables, for the durable database."""
