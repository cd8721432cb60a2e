"""From a signed-distance field to a closed, unwrapped, textured mesh."""
