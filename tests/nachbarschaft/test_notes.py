"""Notes: a corpus of canaries that must be found, and of ordinary notes that must pass."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nachbarschaft.notes import Finding, clean_text, find_contact_details

PHONES = (
    "Bitte anrufen: 0176 1234567",
    "Bitte anrufen: 01761234567",
    "+49 176 1234567",
    "+49 (0)176 / 123 45 67",
    "+491761234567",
    "0049 176 1234567",
    "00491761234567",
    "02323/12345",
    "02323 12345",
    "(02323) 12 34 56",
    "02323-16-0",
    "0 23 23 / 12 34 56",
    "0176.123.45.67",
    "0176-123-45-67",
    "0176 - 123 - 45 - 67",
    "0176–1234567",
    "0 1 7 6 1 2 3 4 5 6 7",
    "0176_1234567",
    "0176*123*4567",
    "Meine Nummer ist O176 1234567",
    "Tel. 53124",
    "Telefon: 5 31 24",
    "Handy 1761234567",
    "Ruf mich an unter 531245",
    "WhatsApp 531245",
    "Am 24.12.2026 um 10 Uhr, Tel 02323 123456",
    "Treffen 14:30 Uhr, 0176 1234567",
    "null eins sieben sechs eins zwei drei vier",
    "Null-Eins-Sieben-Sechs-Eins-Zwei-Drei",
    "null, eins, sieben, sechs, zwölf, vierunddreißig",
    "null eins sieben sechs 12 34 567",
    "zero one seven six one two three",
    "sıfır bir yedi altı bir iki üç",
    "нуль один сім шість один два три",
    "ноль один семь шесть один два три",
    "صفر واحد سبعة ستة واحد اثنين ثلاثة",
    "هاتف ٠١٧٦١٢٣٤٥٦٧",
    "اتصل بي على ٠١٧٦ ١٢٣ ٤٥ ٦٧",
    "٥٣١٢٤٥ رقم هاتفي ٥٣١٢٤٥",
    "Lütfen arayın: 0176 123 45 67",
    "+90 532 123 45 67",
    "Телефонуйте: 0176 1234567",
    "+380 67 123 45 67",
    "My phone is 0176/1234567, call any time",
    "Call me on 531245",
    "０１７６１２３４５６７",
    "०१७६१२३४५६७",
    "0176\u200b123\u200b4567",
    "\u202d0176 1234567\u202c",
    "0176\u00a0123\u00a04567",
)

EMAILS = (
    "anna.muster@example.de",
    "Schreiben Sie an ANNA@EXAMPLE.COM bitte",
    "anna+hilfe@mail.example.org",
    "anna @ example.de",
    "anna＠example．de",
    "anna (at) example (punkt) de",
    "anna(at)example.de",
    "anna[at]example[dot]de",
    "anna {ät} example . de".replace(" . ", "."),
    "anna at example dot com",
    "anna at example punkt de",
    "anna at example.de",
    "anna ät example Punkt de",
    "anna(ät)example.de",
    "anna@gmail",
    "anna (at) gmx",
    "anna@müller.de",
    "e-posta: ayse@example.com.tr",
    "пошта: olena@example.com.ua",
    "olena собака example крапка ua",
    "البريد: samir@example.com",
    "anna\u200b@\u200bexample.de",
)

ADDRESSES = (
    "Bahnhofstr. 12",
    "Bahnhofstraße 12a",
    "Bahnhofstrasse 12 a, zweimal klingeln",
    "BAHNHOFSTRASSE 12",
    "bahnhofstr 12",
    "bahnhofstr.12",
    "An der Kreuzkirche 3",
    "ich wohne an der Kreuzkirche 3",
    "Hauptstr 5",
    "Mozart-Straße 7-9",
    "Am Markt 4",
    "Wir treffen uns am Markt 4.",
    "am markt 4",
    "Goetheplatz 1",
    "Goethepl. 1",
    "Sodinger Str. 5, 44623 Herne",
    "Sodinger Straße 5",
    "Straße des 17. Juni 135",
    "Platz der Republik 1",
    "Alter Weg 4",
    "Neuer Ring 17",
    "Buchenweg 8",
    "Schulgasse 2",
    "Lindenallee 30 b",
    "Feldkamp 12",
    "Auf der Heide 7",
    "In der Au 9",
    "Unter den Linden 5",
    "Zum Alten Turm 2, bitte klingeln",
    "Am Markt 4 klingeln",
    "Bahnhofstraße Nr. 12",
    "Bahnhofstr. Hausnummer 12",
    "Hausnr. 12, zweite Klingel",
    "Kirchhofstr., Nr. 5",
    "Haus-Nr. 17",
    "Von-der-Heydt-Str. 12",
    "Am Böckenbusch 11",
    "Eickeler Markt 1",
    "44623 Herne",
    "D-44649 Wanne-Eickel",
    "Bahnhofstraße\u00a012",
    "Bahnhofstraße ١٢",
    "Bahnhof\u00adstraße 12",
    "I live at Bahnhofstr. 12, second floor",
    "12 Baker Street",
    "Bahnhofstr. No: 12, kapıyı çalın",
    "Atatürk Caddesi 12",
    "вул. Шевченка 12",
    "Банхофштрасе 12",
    "ул. Ленина 5",
    "شارع المحطة ١٢",
    "بانهوف شتراسه ١٢",
    "44623 Герне",
)

HARMLESS = (
    "",
    "2 Kisten Wasser, 3. Stock ohne Aufzug",
    "um 14:30 Uhr",
    "am 24.12.2026 um 10 Uhr",
    "ca. 1,5 km",
    "bis 20 kg",
    "Am Montag 2 Stunden",
    "An 3 Tagen",
    "Auf dem Weg 2 mal",
    "4 Personen",
    "10-12 Uhr",
    "Paket 30x40",
    "100 Euro",
    "Von 08.30-11.00 Uhr oder 14.00-16.00 Uhr",
    "Am 01.12.2026 oder 03.12.2026, 10 bis 12 Uhr",
    "01.12.-03.12.2026",
    "2026-12-24 10:00",
    "24/12/2026 09:15-10:45",
    "Mo 10-12, Di 14-16, Fr 9-11",
    "Mo-Fr 08:00-18:00",
    "Einkaufszettel: 1 Brot, 2 l Milch, 500 g Mehl, 6 Eier, 1 kg Äpfel",
    "1. Brot\n2. Milch\n3. Eier\n4. Butter\n5. Käse\n6. Mehl\n7. Salz\n8. Reis\n9. Tee\n10. Kaffee",
    "Ich bin 83 Jahre alt und gehe mit dem Rollator.",
    "Einmal zur Apotheke und zurück, etwa 800 Meter",
    "Begleitung zum Arzt, Termin um 9.15 Uhr, Dauer 2 Stunden",
    "Treffpunkt am Bahnhof um 10 Uhr",
    "Am Bahnhof 2 Koffer tragen",
    "Auf dem Parkplatz 2 Minuten warten",
    "Vom Supermarkt 3 Tüten nach Hause tragen",
    "Im Garten 2 Bäume gießen",
    "Im Garten 3 große Sträucher schneiden",
    "Im Keller 3 Regale aufbauen",
    "In der Wohnung 4 Glühbirnen wechseln",
    "Auf dem Friedhof 2 Gräber gießen",
    "Mit dem Bus 311 zum Arzt",
    "Im Bus 311 mitfahren",
    "In der Straßenbahn 306",
    "Nachhilfe Mathe, Klasse 7, zweimal in der Woche",
    "In der Klasse 7 hat mein Sohn Probleme mit Brüchen",
    "Hilfe mit Windows 11 und dem Drucker",
    "Auf dem Computer Windows 11 einrichten",
    "iPhone 12 einrichten",
    "Hilfe bei Outlook: E-Mails sortieren",
    "Ich möchte eine E-Mail-Adresse einrichten lassen",
    "Im Notfall 112 rufen",
    "Täglich 10000 Schritte gehen, wer kommt mit?",
    "Der Hund wiegt 12 kg und zieht 2 mal am Tag los",
    "Umzug: 12 Kartons vom 2. in den 4. Stock",
    "Die Straße 20 Meter hoch und dann rechts",
    "Den Gehweg 15 Minuten vom Schnee räumen",
    "Der Heimweg 2 mal in der Woche ist mir zu lang",
    "20.07.-03.08.",
    "Zeit: 08.00 bis 10.00, 12.00 bis 14.00, 16.00 bis 18.00",
    "Auf dem Markt 4 Äpfel und 2 Birnen kaufen",
    "Am Fahrrad 2 Reifen wechseln",
    "Waschmaschine 60x60x85 cm, 70 kg, tragen in den 3. Stock",
    "Rufen Sie mich bitte über die App an, ich bin 81",
    "Ein bis zwei Stunden, drei oder vier Mal im Monat",
    "Bitte eins, zwei Stunden Zeit mitbringen",
    "Am Wochenende 2-3 Stunden im Garten helfen",
    "Am Samstag 3. Mai, vormittags",
    "Im Mai 2 Wochen lang Blumen gießen",
    "Zum Sport 1 oder 2 mal im Monat",
    "Zur Post 2 Pakete bringen",
    "Zum Geburtstag 80 Kerzen besorgen",
    "Wir sind 2 Erwachsene, 3 Kinder (4, 7 und 9 Jahre)",
    "Grünes Haus, Klingel ganz oben",
    "Pflegegrad 2, Rollstuhl 60 cm breit",
    "Kosten höchstens 1.250,00 Euro",
    "Es geht um 5-10 Formulare",
    "Treffen @ Marktplatz",
    "Ich bin Rentner at heart",
    "Haftnotizen 76x76, DIN A4, 80 g",
    "Am Telefon 10 Minuten auf Türkisch erklären",
    "Haftada 2 gün, 3 saat yardım lazım",
    "Doktora gitmek için yardım, saat 14:30",
    "Market alışverişi: 2 ekmek, 5 kg patates, 10 yumurta",
    "أحتاج مساعدة يوم ٢٤.١٢.٢٠٢٦ الساعة ١٠:٣٠",
    "أحتاج شخصين لحمل ٣ صناديق إلى الطابق ٤",
    "مرتين في الأسبوع، ٢ ساعة",
    "Потрібна допомога 24.12.2026 о 14:30",
    "Треба 2 людини, 3 поверх без ліфта, до 20 кг",
    "Два рази на тиждень по 2 години",
    "Need help carrying 2 boxes to the 3rd floor",
    "I am Anna, 45 years old, free at 10.30 or 14.00",
    "I am at home. Please ring twice",
    "Meet me at noon, about 2 hours",
    "Walking the dog 3 times a week, 30 minutes",
)


@pytest.mark.parametrize("text", PHONES)
def test_a_phone_number_is_found(text: str) -> None:
    assert find_contact_details(text) == {Finding.PHONE}


@pytest.mark.parametrize("text", EMAILS)
def test_an_e_mail_address_is_found(text: str) -> None:
    assert find_contact_details(text) == {Finding.EMAIL}


@pytest.mark.parametrize("text", ADDRESSES)
def test_a_street_address_is_found(text: str) -> None:
    assert find_contact_details(text) == {Finding.STREET_ADDRESS}


@pytest.mark.parametrize("text", HARMLESS)
def test_an_ordinary_note_passes(text: str) -> None:
    assert find_contact_details(text) == set()


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len({*PHONES, *EMAILS, *ADDRESSES}) >= 60
    assert len(set(HARMLESS)) >= 60


def test_everything_is_found_at_once_and_anywhere_in_the_text() -> None:
    text = "Ich brauche Hilfe.\nBahnhofstr. 12, bitte vorher 0176 1234567\noder anna@example.de, danke!"
    assert find_contact_details(text) == set(Finding)


@pytest.mark.parametrize("text", [*PHONES, *EMAILS, *ADDRESSES])
def test_decomposed_letters_hide_nothing(text: str) -> None:
    assert find_contact_details(unicodedata.normalize("NFD", text))


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "a",
            "A",
            "1",
            "0",
            " ",
            "-",
            ".",
            "@",
            "ß",
            "é",
            "(",
            "\n",
            "a-",
            "a ",
            "0 ",
            "1.",
            "a@",
            "+",
            "+0",
            "(0",
        ),
        *(
            "Am ",
            "Am Markt ",
            "An der Au ",
            "Bahnhofstr ",
            "Straße ",
            "10.30 ",
            "10:30-",
            "24.12.-",
            "null ",
            "eins,",
        ),
        *(
            "a at ",
            "a (at) ",
            "punkt ",
            "12345 ",
            "44623 a ",
            "Grüner Weg ",
            "straße der ",
            "tel ",
            "٣",
            "12 a ",
            "ﷺ",
        ),
    ],
)
def test_no_text_takes_long(piece: str) -> None:
    text = (piece * 10_000)[:10_000]
    start = time.perf_counter()
    find_contact_details(text)
    assert time.perf_counter() - start < 1


@given(st.text(max_size=80))
def test_any_text_can_be_checked(text: str) -> None:
    assert find_contact_details(text) <= set(Finding)


def test_clean_text_composes_letters_and_drops_blanks_around() -> None:
    assert clean_text("  Gru\u0308ße\tan alle \r\n bis bald\r") == "Grüße\tan alle \n bis bald"


@pytest.mark.parametrize("sign", ["\0", "\x07", "\x1b", "\x1f", "\x7f", "\x85", "\x9f", "\ud800"])
def test_signs_that_nobody_can_read_are_refused_also_at_the_ends(sign: str) -> None:
    for text in (f"a{sign}b", sign, f"a{sign}", f"{sign}a"):
        with pytest.raises(ValueError, match="cannot be shown"):
            clean_text(text)


@pytest.mark.parametrize("text", ["👩\u200d🌾 danke", "سلام\u200fعليكم", "дякую", "ığüşöç", "a\n\tb"])
def test_letters_and_pictures_of_all_languages_stay(text: str) -> None:
    assert clean_text(text) == text


@given(st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs")), max_size=60))
def test_clean_text_stays_as_it_is(text: str) -> None:
    cleaned = clean_text(text)
    assert clean_text(cleaned) == cleaned
    assert cleaned.encode().decode() == cleaned
