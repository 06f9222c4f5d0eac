"""Answers to questions: reviews, who can, what can I do, and AuthZEN."""
