"""Ways through another machine: the system's ssh, started for one source and killed with it."""
