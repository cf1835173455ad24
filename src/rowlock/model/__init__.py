"""Plain frozen values, enums, ids and the checks at the door; no I/O."""
