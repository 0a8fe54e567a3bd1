"""DataId sets in Butler registries, and runs with them."""
