"""Studies of this home: which runs belong to one, launching what is missing, how far it is."""
