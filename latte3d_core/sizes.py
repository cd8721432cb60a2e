"""How large the real thing is: typical largest dimensions in metres, by noun and by asset category."""

from __future__ import annotations

import re

#: Largest dimension in metres. The last noun of the table that a prompt names, read from its head, decides.
_NOUNS: dict[float, str] = {
    0.03: "coin ring gem nut die dice",
    0.06: "strawberry grape cherry key pill egg mushroom lemon lime plum radish walnut",
    0.09: ("apple orange peach tomato onion potato pear mouse cup mug candle cupcake donut doughnut cookie avocado"),
    0.12: "can glass goblet phone muffin burger hamburger sandwich taco banana card wallet teacup cocktail",
    0.18: "bowl carrot potion fork spoon pencil pen brush book sushi cactus jar cheese bread corn hotdog",
    0.25: (
        "bottle plate knife hammer teapot kettle eggplant cabbage shoe boot dagger vase lantern ball pineapple bird"
    ),
    0.32: (
        "pan pot hat helmet cake pizza fish toy skull laptop clock pumpkin watermelon cushion pillow basket "
        "toaster blender"
    ),
    0.45: (
        "sword axe mace rifle gun pistol backpack crate bag shield cat duck chicken microwave television "
        "monitor printer"
    ),
    0.6: ("box crate bucket stool lamp suitcase drum guitar bow staff wand dog pig fox chest bin speaker sink toilet"),
    0.9: (
        "chair barrel armchair sheep goat dresser washer stove oven tv nightstand hydrant mailbox tombstone "
        "gravestone shovel"
    ),
    1.2: "table desk bench wolf bicycle bike scooter cart plant bush shrub throne piano fridge rock",
    1.8: (
        "sofa couch cabinet wardrobe closet bookshelf bookcase bathtub refrigerator man woman person boy "
        "girl knight soldier character robot alien zombie skeleton wizard door motorcycle ladder statue "
        "horse cow deer bear lion tiger zebra shark"
    ),
    2.2: "bed fence gate sign couch sectional canoe swing umbrella dolphin",
    4.5: (
        "car taxi van convertible roadster coupe sedan suv jeep elephant rowboat pickup tractor dinosaur "
        "wagon campfire tent fountain streetlight boulder giraffe trex"
    ),
    7.0: ("truck tree pine palm oak birch willow helicopter boat tank ambulance firetruck shed hut dragon lamppost"),
    10.0: (
        "bus house cottage cabin home building shop store barn plane aeroplane airplane jet yacht sailboat "
        "windmill tower rocket spaceship lighthouse locomotive whale"
    ),
    25.0: ("castle church skyscraper ship train bridge temple factory hospital airliner submarine stadium mansion"),
    100.0: "mountain island volcano",
}
_BY_NOUN = {noun: size for size, nouns in _NOUNS.items() for noun in nouns.split()}

_BY_CATEGORY: dict[str, float] = {
    "building": 10.0, "castle": 20.0, "tree": 6.0, "plant": 0.8, "flower": 0.4, "food": 0.2, "fruit": 0.1, "vegetable":
    0.15, "rock": 1.0, "kitchenware": 0.25, "cabinet": 1.5, "lamp": 0.6, "character": 1.8, "person": 1.75, "table": 1.3,
    "chair": 0.9, "sofa": 1.9, "bed": 2.1, "treasure": 0.4, "sign": 1.5, "fish": 0.4, "car": 4.5, "truck": 7.0, "bus":
    10.0, "vehicle": 4.5, "train": 15.0, "boat": 6.0, "aircraft": 10.0, "spaceship": 10.0, "spacecraft": 8.0,
    "space-vehicle": 4.0, "potion": 0.15, "tool": 0.4, "weapon": 0.9, "armor": 0.7, "appliance": 0.9, "animal": 1.0,
    "bird": 0.3, "dinosaur": 4.0, "insect": 0.05, "monster": 2.0, "robot": 1.6, "street-prop": 2.0, "machine": 1.5,
    "fence": 2.0, "book": 0.25, "electronics": 0.5, "door": 2.0, "door-window": 2.0, "terrain": 10.0, "planet": 2.0,
    "mushroom": 0.1, "toy": 0.3, "toy-vehicle": 0.3, "statue": 1.8, "cloud": 5.0, "cart": 2.0, "bicycle": 1.7, "cup":
    0.1, "plate": 0.25, "bowl": 0.2, "bottle": 0.28, "can": 0.12, "box": 0.4, "bag": 0.45, "vase": 0.3, "shoe": 0.3,
    "hat": 0.3, "bathroom": 1.5, "storage": 1.5, "outdoor": 2.5, "sports": 0.8, "office": 0.5, "clothing": 0.7,
    "musical-instrument": 1.0, "graveyard-prop": 1.2,
}  # fmt: skip
_UNKNOWN = 1.0
#: Words that change the size of the thing named.
_SCALE = {"tiny": 0.3, "miniature": 0.3, "mini": 0.5, "toy": 0.1, "small": 0.7, "little": 0.7, "big": 1.4, "large": 1.4,
          "huge": 2.0, "giant": 2.5, "gigantic": 3.0}  # fmt: skip


def real_size(prompt: str, category: str = "") -> float:
    """Largest dimension in metres of what ``prompt`` describes.

    The noun that counts is the last known one before a preposition ("a red sports car with a dog" is a car); without
    one the category of the nearest template decides, and without that it is a metre.
    """
    words = re.findall(r"[a-z]+", prompt.lower())
    head = words[
        : next((i for i, w in enumerate(words) if i and w in ("with", "on", "in", "of", "at", "under")), len(words))
    ]
    size = None
    for part in (head, words):
        known = [s for w in part if (s := _noun(w)) is not None]
        if known:
            size = known[-1]
            break
    if size is None:
        size = _BY_CATEGORY.get(category, _UNKNOWN)
    factor = 1.0
    for word in words:
        factor *= _SCALE.get(word, 1.0)
    return size * max(0.1, min(3.0, factor))


def _noun(word: str) -> float | None:
    singular = word[:-1] if word.endswith("s") else word
    return _BY_NOUN.get(word, _BY_NOUN.get(singular))
