"""What the Tag screen and `labapp tag` know without a terminal: sentences, their taggings, how these are laid out."""
