"""Tables of the shelf in the durable file."""
