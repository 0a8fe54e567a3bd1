"""The model: campaigns, steps, groups, submissions, events. Pure: no file, no clock, no git."""
