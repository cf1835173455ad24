"""What is left of a queue's speed when something goes wrong, beside two fast peers."""
