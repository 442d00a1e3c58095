"""The way out of the machine: who may connect where, the process that connects, and the log of it all."""
