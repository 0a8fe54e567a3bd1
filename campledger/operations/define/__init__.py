"""Defining campaigns, their groups, and saved queries; importing them."""
