"""The protocol of ``latte3d eval``: every count, threshold, view, resolution and seed that its numbers rest on.

Two reports can be compared where this file, the assets and the networks that judge are the same. Lengths are in core
units.
"""

from __future__ import annotations

from latte3d_core.render.preview import Camera

#: Of every random choice.
SEED = 0

# Geometry.
#: Occupancy is compared at the centres of a grid with so many cells a side over [-1, 1]³.
GRID = 128
#: Samples by area on each of two surfaces.
SURFACE_SAMPLES = 4096
#: Distances within which the F-score counts a sample as met.
F_THRESHOLDS = (0.02, 0.05)
#: Side of the grid on which the nearest training solid is looked for.
NEAREST_SIDE = 24
#: Side of the silhouettes along the axes, for the overlap with a template.
SILHOUETTE_SIDE = 48

# Pictures.
#: The views of an object: four sides.
CAMERAS = tuple(Camera(azimuth, 20.0, 4.2, 32.0) for azimuth in (30.0, 120.0, 210.0, 300.0))
#: Side of the pictures that scorers are trained on and judge. A CLIP model is shown pictures of its own size.
LOOK_SIZE = 64
#: Grey of what lies behind a picture that has alpha, for networks that know none.
GROUND = 255
#: Degree of the polynomial kernel of the kernel distance (arXiv 1801.01401).
KERNEL_DEGREE = 3
#: Visible pixels of an object, evenly spaced, that vote for its dominant colour.
COLOUR_PIXELS = 2000

# Scorers.
#: Raised when the pictures, the patterns or the scorers change, so that kept scorers are trained anew.
SCORER_VERSION = 1
EPOCHS = 10
BATCH = 64
#: Categories with fewer training assets than this are not asked for.
MIN_MEMBERS = 10
#: Training assets whose pictures the material scorer learns from, and held-out ones that it is tested on.
MATERIAL_ASSETS = 400
MATERIAL_TEST_ASSETS = 30

# Parts of the report: how many of what.
ALPHAS = (0.0, 0.25, 0.5, 0.75, 1.0)
MEMORY_ASSETS = 96
COLOUR_PROMPTS = 72
#: Prompts of each judged material.
MATERIAL_ROUNDS = 3
#: Held-out shapes told to be of each judged material.
STYLIZED_ROUNDS = 2
SEED_PROMPTS = 16
SEEDS = 8
ALPHA_PROMPTS = 16
#: A size word must move the ratio of height to width by this share of it.
SIZE_CHANGE = 0.05
