"""Is an answer right? Reading it, judging it, and running programs where they can do no harm."""
