"""Being asked things: URLs, headers and status codes. Decides nothing and knows no SQL."""

API_VERSION = "1.0.0"  # of the interface (semver); the first number is in the server's URL
