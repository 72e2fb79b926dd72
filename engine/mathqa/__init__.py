"""The math lab: word problems and the programs that solve them (assignment 004 part 2)."""
