"""The baseline that learns nothing: the program of the most similar training problem.

Problems are bags of their 1- to 3-grams of words, every number being `num`. A bag is weighted by TF-IDF (Salton and
Buckley 1988): 1 + ln tf, times the smooth idf ln((1 + n) / (1 + df)) + 1, as scikit-learn has both; bags are compared
by the cosine. Of equals the first training problem wins. An inverted index holds, for every n-gram, the problems it is
in and its weight there.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from engine.mathqa.corpus import Problem
from engine.mathqa.numbers import MASK, read

LONGEST = 3  # words of an n-gram

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


def grams(text: str) -> Counter[str]:
    """How often each n-gram is in a problem."""
    words = [MASK if word.number is not None else word.text for word in read(text).words]
    return Counter(
        " ".join(words[start : start + length])
        for length in range(1, LONGEST + 1)
        for start in range(len(words) - length + 1)
    )


class Lookup:
    """An index of training problems."""

    def __init__(self, train: Sequence[Problem]):
        self._formulas = [problem.formula for problem in train]
        bags = [grams(problem.text) for problem in train]
        found_in = Counter(gram for bag in bags for gram in bag)
        self._idf = {gram: math.log((1 + len(bags)) / (1 + times)) + 1 for gram, times in found_in.items()}
        places: dict[str, list[int]] = {gram: [] for gram in found_in}
        weights: dict[str, list[float]] = {gram: [] for gram in found_in}
        for place, bag in enumerate(bags):
            for gram, weight in self._weighted(bag).items():
                places[gram].append(place)
                weights[gram].append(weight)
        self._index: dict[str, tuple[Places, Floats]] = {
            gram: (np.array(places[gram], dtype=np.int64), np.array(weights[gram])) for gram in found_in
        }

    def nearest(self, text: str) -> int:
        """Which training problem is most like this one."""
        similarity = np.zeros(len(self._formulas))
        for gram, weight in self._weighted(grams(text)).items():
            places, weights = self._index[gram]
            similarity[places] += weight * weights
        return int(similarity.argmax())

    def predict(self, texts: Iterable[str]) -> list[str]:
        """A program for every problem."""
        return [self._formulas[self.nearest(text)] for text in texts]

    def _weighted(self, bag: Counter[str]) -> dict[str, float]:
        """TF-IDF of the n-grams that training has, of length 1."""
        weights = {gram: (1 + math.log(times)) * self._idf[gram] for gram, times in bag.items() if gram in self._idf}
        norm = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return {gram: weight / norm for gram, weight in weights.items()}
