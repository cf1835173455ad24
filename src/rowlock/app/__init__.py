"""The public facades: `Rowlock` for sync code, `AsyncRowlock` for async code."""
