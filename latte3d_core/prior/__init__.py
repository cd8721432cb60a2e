"""A small multi-view diffusion prior of our own: four pictures of one object from a prompt, and what score distillation
asks of it."""
