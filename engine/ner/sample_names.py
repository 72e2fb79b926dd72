"""Names of the embedded sample: composed of syllables, so that most stand nowhere else, and some that mean two things.

The first part of every pool is what training sees; validation and test draw from all of it. Endings only hint at what
a name is: -ton is found in towns and in people, -a in countries, towns and first names.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.text.dice import Dice

KNOWN = 0.6  # share of every pool that training draws from


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ONSETS = words("b br c ch d dr f g gr h j k kr l m n p pr r s sh st t th tr v w z bl l m n r s t d b")
VOWELS = words("a a a e e e i i o o o u u ai ea ou")
CODAS = ("", "", "", "", "", "l", "m", "n", "r", "s", "t", "nd", "rk", "rn", "x")

ENDINGS: dict[str, Sequence[str]] = {
    "surname": ("son", "ov", "ez", "er", "ski", "man", "ton", "ford", "a", "o", "ic", "ley", "", ""),
    "first": ("a", "o", "an", "el", "ia", "in", "us", "y", ""),
    "city": ("ton", "burg", "ville", "port", "ford", "mouth", "abad", "grad", "a", "o", "er", "", ""),
    "country": ("ia", "ia", "land", "stan", "a", "o", ""),
    "river": ("a", "o", "e", "ov", "er", ""),
    "company": ("tech", "co", "soft", "ex", "on", "a", "er", "son", ""),
    "storm": ("a", "y", "o", "in", "el", ""),
}
COUNTS = {"surname": 300, "first": 110, "city": 240, "country": 70, "river": 60, "company": 130, "storm": 50}
OFTEN = 0.3  # share of every pool that holds its ambiguous names: they are drawn often
SHARED = 0.25  # of the towns and companies that are called like a person

# Ambiguous on purpose: only what stands around them tells. The words among them are common in lower case.
DOUBLE: dict[str, Sequence[str]] = {
    "surname": words("Washington May Jordan Lincoln Ford Morgan Austin Houston Santos Wells Rivers Stone Banks"),
    "first": words("Georgia April Chelsea Madison Victoria Florence Santiago Paris Chad Katrina Ida Hugo Austin Jordan")
    + words("Rose Hope Will Mark Bill Grace Frank Carol August"),
    "city": words("Washington Chelsea Lincoln Madison Victoria Florence Santiago Paris Houston Austin Phoenix Wells"),
    "country": words("Jordan Georgia Chad"),
    "river": words("Amazon Orange Jordan Victoria Mercury"),
    "company": words("Amazon Orange Ford Morgan Phoenix Mercury Apple Shell Stone"),
    "storm": words("Katrina Ida Hugo Florence Carol Victoria"),
}
USUAL_FIRST = words(
    "Maria John Anna Peter Laura David Elena Michael Sara Thomas Fatima Ahmed Wei Yuki Carlos Sofia Ivan Nadia Omar "
    "Leila Paul Helen Martin Julia Robert Clara Daniel Irene Samuel Ruth"
)


def pools(dice: Dice) -> dict[str, list[str]]:
    """Names by kind, the ambiguous among those drawn often; no name twice in a pool."""
    made: dict[str, list[str]] = {}
    for kind, count in COUNTS.items():
        names = dict.fromkeys(_composed(dice, kind, made) for _ in range(4 * count))
        double = DOUBLE[kind]
        usual = dice.shuffled([*(USUAL_FIRST if kind == "first" else ()), *names][: count - len(double)])
        others = [name for name in usual if name not in double]
        often = int(OFTEN * count) - len(double)
        made[kind] = dice.shuffled([*double, *others[:often]]) + others[often:]
    made["gentilic"] = [gentilic(country) for country in made["country"]]
    made["gentilics"] = [name + "s" if name.endswith(("n", "i")) else name for name in made["gentilic"]]
    return made


def _composed(dice: Dice, kind: str, made: dict[str, list[str]]) -> str:
    if kind in ("city", "company") and dice.chance(SHARED):
        return dice.pick(made["surname"])
    syllables = 1 + dice.chance(0.6)
    stem = "".join(dice.pick(ONSETS) + dice.pick(VOWELS) + dice.pick(CODAS) for _ in range(syllables))
    ending = dice.pick(ENDINGS[kind])
    return (stem + (dice.pick("aeiou") if ending == "" and syllables == 1 else "") + ending).capitalize()


def gentilic(country: str) -> str:
    """What comes from a country: Velmia -> Velmian, Dorland -> Dorlandish, Krastan -> Krastani."""
    if country.endswith(("ia", "a")):
        return country + "n"
    if country.endswith("stan"):
        return country + "i"
    if country.endswith("land"):
        return country + "ish"
    return (country[:-1] if country[-1] in "eo" else country) + "ese"
