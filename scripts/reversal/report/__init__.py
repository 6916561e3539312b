"""What people look at: figures, pages, and the verdict in words."""
