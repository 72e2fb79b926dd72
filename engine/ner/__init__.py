"""Named entities: from columns of text to a tagger, and from a sentence to its entities (assignment 003 part 2)."""
