"""From folders of captioned assets to training samples."""
