"""What reviewers are asked, what they say, and the words that they say it with."""
