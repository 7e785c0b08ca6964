"""What several systems extracted from the same letters, side by side: the paper's comparison."""
