"""Fields: reading planes and volumes at points and on grids."""
