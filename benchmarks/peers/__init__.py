"""What people use or write in place of ours, to be measured against."""
