"""The number words of our languages, folded, because phone numbers are also written out."""

from typing import Final

from nachbarschaft.notes.folding import folded

_WORDS: Final = """
null eins zwei zwo drei vier fünf fuenf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn
sechzehn siebzehn achtzehn neunzehn zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig
zero oh one two three four five six seven eight nine double
sıfır bir iki üç dört beş altı yedi sekiz dokuz
صفر واحد اثنان اثنين ثلاثة اربعة خمسة ستة سبعة ثمانية تسعة تنين تلاتة تمانية
нуль один два три чотири п'ять шість сім вісім дев'ять
ноль четыре пять шесть семь восемь девять
jeden dwa trzy cztery pięć sześć siedem osiem dziewięć
unu doi trei patru cinci șase șapte opt nouă
"""
_UNITS: Final = ("ein", "zwei", "drei", "vier", "funf", "sechs", "sieben", "acht", "neun")
_TENS: Final = ("zwanzig", "dreissig", "vierzig", "funfzig", "sechzig", "siebzig", "achtzig", "neunzig")

NUMBER_WORDS: Final = frozenset(folded(_WORDS).split()) | {f"{unit}und{ten}" for unit in _UNITS for ten in _TENS}
"""Number words in folded spelling; "ein" and "um" are left out, they are ordinary words first."""
