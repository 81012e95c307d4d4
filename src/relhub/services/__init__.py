"""What the hub does: load, ask the domain, save. No SQL, no HTTP, no status codes."""
