"""Documents: YAML and JSON in, checked values with line and column out. The home of PyYAML and jsonschema."""
