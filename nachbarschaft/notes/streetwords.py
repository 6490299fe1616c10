"""The words, folded, that tell a street from something that is merely counted after a noun."""

import re
from typing import Final


def _list(words: str) -> tuple[str, ...]:
    return tuple(words.split())


STRONG: Final = _list("""
    strasse strase str gasse allee chaussee street hausnummer hausnr haus-nr caddesi sokak sokagi штрасе
    штрассе شتراسه شتراسة
""")
"""Whatever ends like this and has a number is an address."""

ABBREVIATED: Final = _list("str pl hausnr haus-nr cad sok")
"""Only here does a dot before the number belong to the street and not to the end of a sentence."""

WEAK: Final = _list("""
    weg platz ring damm ufer hof markt berg feld wall graben kamp brink siedlung park pfad steig stieg
    winkel busch garten pl
""")
"""These end streets, and other words too."""

HARMLESS_COMPOUNDS: Final = _list("""
    parkplatz spielplatz arbeitsplatz sportplatz stellplatz sitzplatz schlafplatz ballplatz bolzplatz
    tennisplatz campingplatz fensterplatz grillplatz ubungsplatz bahnhof friedhof innenhof hinterhof
    bauernhof schulhof reiterhof recyclinghof supermarkt baumarkt flohmarkt wochenmarkt weihnachtsmarkt
    trankemarkt biomarkt trodelmarkt drogeriemarkt lebensmittelmarkt heimweg schulweg hinweg ruckweg
    umweg gehweg radweg fussweg arbeitsweg spazierweg wanderweg kindergarten vorgarten schrebergarten
    kleingarten hering ohrring umfeld spielfeld eingabefeld textfeld bussteig bahnsteig burgersteig
    freizeitpark bring zwerg blickwinkel
""")

_MONTHS: Final = _list("januar februar marz april mai juni juli august september oktober november dezember")

HARMLESS_PLACES: Final = frozenset(_MONTHS) | frozenset(
    _list("""
        weg haus raum bus zug seite station ebene reihe klasse stufe level windows version android ios
        pflegegrad grosse kapitel block alter lektion kurs gruppe team preis wert punkt teil band
        bereich keller garten balkon flur kuche bad auto notfall platz schrank regal rezept morgen nacht
        advent mittwoch sommer herbst winter fruhling urlaub computer handy
    """)
)
HARMLESS_ENDINGS: Final = _list("""
    tag abend mittag wochenende woche monat jahr stock etage geschoss zimmer wohnung gleis linie bahn
    steig eingang ausgang aufgang schalter haltestelle schnitt zeitraum termin stunde minute nummer
""")

PLACES: Final = _list("""
    kirche markt schloss muhle brucke teich bach wald park berg rathaus kapelle zeche busch feld hang
    hugel wiese winkel kanal denkmal
""")
"""Places that are recognised although somebody writes nouns with small letters."""

UNIT: Final = re.compile(
    r"\s?(?:%|€|(?:"
    r"mal|std|stunden?|stdn|min|minuten?|uhr|tage?n?|wochen?|monate?n?|jahren?|jahrige\w*|personen?|leuten?|kindern?"
    r"|helfer\w*|menschen|freiwillige\w*|manner|frauen|kilos?|kg|gramm|km|kilometern?|metern?|cm|mm|qm|liter"
    r"|euro|eur|cent|prozent|stucke?|stufen?|treppen?|stockwerke?|etagen?|stationen|haltestellen|schritte?n?"
    r"|kisten?|kasten|tuten?|taschen?|sacke?|beutel|pakete?|packchen|packungen|flaschen?|kartons?|koffer"
    r"|hunde?|katzen?|stuhle?|mobel|pflanzen|baume|blumen|lampen?|gluhbirnen?|schrauben|bilder|bucher"
    r"|zimmer|termine?|besuche?|runden?|seiten?|formulare?|briefe?|einkaufe|beete"
    r"|hours?|minutes?|mins?|days?|weeks?|months?|years?|people|persons?|kids|children|bags?|boxes|times"
    r"|o'clock|am|pm|euros|saat\w*|dakika|gun|hafta|kisi\w*|kere|torba|tane|годин\w*|хвилин\w*|дн\w*|раз\w*"
    r"|час\w*|осіб|особ\w*|ساع\w*|دقيق\w*|ايام|يوم|اكياس|كيس|مرات|اشخاص|شخص"
    rf")\b|\.\s?(?:stock|etage|og|obergeschoss|klasse|woche|tag|mal|{'|'.join(_MONTHS)})\b)"
)
"""What follows a number that counts or is an ordinal, and so is no house number."""

SHORT_UNIT: Final = re.compile(r"\s?[mhxlg]\b")
"""Units that could be the letter of a house number; they count only where a street is not certain."""

NUMBERED: Final = re.compile(r"(?:nr\.?|nummer|code|pin|paket)\s{0,2}:?\s{0,2}$")
"""What stands before five digits that are no postcode."""

PHRASE: Final = re.compile(
    r"(?<!\w)(?:strasse|platz|allee) (?:der|des|von) (?:\d{1,2}\. )?\w{2,30} \d{1,4}(?!\d)"
    r"|(?<!\w)(?:вул\.|вулиц\w|ул\.|улиц\w|ul\.|ulic\w|strada|str\.|شارع)\s{1,2}\w{2,30}(?:\s\w{2,30})?"
    r",?\s{0,2}(?:no\.?:?|nr\.?|буд\.?|д\.|رقم)?\s{0,2}\d{1,4}(?!\d)"
    r"|(?<![\w.,:])\d{1,4}[a-z]?\s\w{3,30}(?:\s\w{3,30})?\s(?:street|road|avenue|lane)\b"
)
"""Names of streets that need more than the one word before the number, ours and those of other languages."""
