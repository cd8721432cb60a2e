"""Pictures: previews and contact sheets."""
