"""Everything a person reads, in their language: English sentences in the code, catalogues at the edge."""

from nachbarschaft.words.catalogues import say, say_many, spoken
from nachbarschaft.words.languages import LANGUAGES, direction
from nachbarschaft.words.marking import Sentence, mark
from nachbarschaft.words.negotiation import best_language

__all__ = ["LANGUAGES", "Sentence", "best_language", "direction", "mark", "say", "say_many", "spoken"]
