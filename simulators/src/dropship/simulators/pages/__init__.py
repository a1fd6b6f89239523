"""What is shown: pages with the structure of real shop pages, feeds, and saved real pages."""
