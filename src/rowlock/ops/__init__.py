"""What the package does with tasks and queues, as plans over any storage."""
