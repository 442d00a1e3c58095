"""Sound comes in: sources, the session that decides what is kept, and the spool it is kept in."""
