"""What the embedded agents work with: plain text of Markdown, sentences, words and stems, topics."""
