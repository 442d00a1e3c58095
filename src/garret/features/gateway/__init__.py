"""The room of the gateway: what the house knows of the process that serves pages to browsers."""
