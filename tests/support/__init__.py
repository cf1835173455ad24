"""What the tests need around the package: throw-away servers and their fixtures."""
