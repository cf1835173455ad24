"""Where tasks are kept: one contract, shared plans, and one folder for each engine."""
