"""Whether what Rowlock does stays as fast however much of everything there is."""
