"""What a study takes and what it can see, before it runs; and how far it is while it runs."""
