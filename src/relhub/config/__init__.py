"""What differs between two installations: settings, sources, access, keys. Read strictly, checked at start."""
