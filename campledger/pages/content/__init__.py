"""What the pages of the site say."""
