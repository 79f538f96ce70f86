# ruff: noqa: RUF001 - letters that look alike are what this is about
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.media.charset import repaired

WESTERN = """
Björk|Jóga
Motörhead|Ace of Spades
Mötley Crüe
Sigur Rós|Ágætis byrjun|Með suð í eyrum við spilum endalaust
Eivør Pálsdóttir|Tú tóktst mítt hjarta
Antônio Carlos Jobim|Águas de Março|Coração
Édith Piaf|Non, je ne regrette rien|L’Œuf à la coque
Céline Dion|S’il suffisait d’aimer
Hüsker Dü|Zen Arcade
Queensrÿche
José González|¿Qué hiciste?
Røyksopp|Só Easy
Åge Aleksandersen|Lys og Varme
Die Ärzte|Männer sind Schweine
Herbert Grönemeyer|Ö|Alkohol
ÆØÅ
Ænima
Jäääär
Coração Selvagem|Não vá se perder por aí
HUNTER×HUNTER
µ-Ziq
$100 £5 €3 ¥4
Žižek
Françoise Hardy|Tous les garçons et les filles|À quoi ça sert?
†††|Crosses
½ Mensch|Einstürzende Neubauten
Ó, Guð vors lands
Tír na nÓg|Clannad
a»b|«Ça»
m³|H²O|n° 1|2ª
OPCIÓ…
Händel: Lascia ch’io pianga
Übermensch – Ça ira
Mylène Farmer|Désenchantée|Ainsi soit je…
Dagný|Hjartardýr
Fanný|Alþýðublaðið
Þ
Gloriæ|Ecclesiæ
Lunedì|Così fan tutte
Você|Bebê|Três
Alvèol|Què
Peña|Niño
Cœur|Œuvre|Sœur
La fûr Mør
Põe|Canções
Frañsez|Kentañ
Enquête
¿Qué tal?|¡Hola!
"""
OTHERS = {
    "cp1251": """
Кино|Группа крови
Алиса|Мы вместе|Шестой лесничий
Виктор Цой|Звезда по имени Солнце|Rock
ЛЮБЭ
Би-2|Полковнику никто не пишет
Океан Ельзи|Обійми
Осень
""",
    "koi8-r": """
Виктор Цой|Звезда по имени Солнце
Сплин|Выхода нет
""",
    "cp932": """
宇多田ヒカル|First Love
椎名林檎|歌舞伎町の女王
浜崎あゆみ
東京事変|群青日和
""",
    "gbk": """
周杰伦|七里香
邓丽君|月亮代表我的心
崔健|一无所有
我爱你
""",
    "big5": """
周杰倫|七里香
鄧麗君|月亮代表我的心
五月天|溫柔
""",
    "cp949": """
소녀시대|다시 만난 세계
조용필|돌아와요 부산항에
김광석|서른 즈음에
""",
    "cp1250": """
Antonín Dvořák|Příběh
Czesław Niemen|Dziwny jest ten świat
Myslovitz|Długość dźwięku samotności
Omega|Gyöngyhajú lány
Krzysztof Krawczyk|Chciałem być
Żuki|Łódź
Jaromír Nohavica|Darmoděj
Lady Pank|Mniej niż zero
Wilki|Baśka
Śpiew
Dżem
Chcę tu zostać
Budka Suflera|Jolka, Jolka pamiętasz
Kult|Betonują
Hobo Blues Band|Kőbánya blues
Légyűjtő
Bijelo dugme|Đurđevdan
Oliver Dragojević|Cesarica
Gibonni|Činim pravu stvar
Kočka
Prekoračiti
Rozzařování
""",
    "cp1254": """
Barış Manço|Gülpembe
Tarkan|Şımarık
Sezen Aksu|Hadi Bakalım
Aşk
Kış Güneşi
Müslüm Gürses|Dağ
""",
    "cp1253": """
Γιώργος Νταλάρας|Μη μου θυμώνεις μάτια μου
Άνοιξη
""",
    "cp1255": """
עופרה חזה|שיר אהבה
שלום חנוך|מחכים למשיח
אריק איינשטיין|עוף גוזל
""",
    "utf-8": """
Björk|Jóga
Кино|Группа крови
宇多田ヒカル
Café’s “best”
""",
}
# No Western language could be told apart from these, so they stay as they are.
TOO_SHORT = [
    ("БГ", "cp1251"),
    ("嵐", "cp932"),
    ("Proměny", "cp1250"),
    ("Dağ", "cp1254"),
]


def tags(lines):
    return [tuple(line.split("|")) for line in lines.split("\n") if line]


def misread(texts, charset, taken_for="latin-1"):
    return [text.encode(charset).decode(taken_for) for text in texts]


@pytest.mark.parametrize("tag", tags(WESTERN))
@pytest.mark.parametrize("taken_for", ["latin-1", "cp1252"])
def test_western_text_stays(tag, taken_for):
    assert repaired(misread(tag, "cp1252", taken_for)) == list(tag)


@pytest.mark.parametrize(
    ("charset", "tag"),
    [(name, tag) for name, text in OTHERS.items() for tag in tags(text)],
)
def test_another_charset_is_found(charset, tag):
    assert repaired(misread(tag, charset)) == list(tag)


@pytest.mark.parametrize(("text", "charset"), TOO_SHORT)
def test_what_could_be_western_stays(text, charset):
    taken_for = misread([text], charset)
    assert repaired(taken_for) == [taken_for[0].encode("latin-1").decode("cp1252")]


def test_another_charset_that_was_stored_as_unicode():
    """As programs leave it that take a Cyrillic tag for Windows' Latin."""
    wrong = misread(["Звезда по имени Солнце"], "cp1251", "cp1252")
    assert repaired(wrong) == ["Звезда по имени Солнце"]


def test_beside_real_unicode_only_utf_8_is_repaired():
    assert repaired(["Кино", "Êèíî", "Bjork"]) == ["Кино", "Êèíî", "Bjork"]
    assert repaired(["Кино", "BjÃ¶rk"]) == ["Кино", "Björk"]


def test_utf_8_beside_other_charsets():
    assert repaired(["GrÃ¼n", "Gr\xfcn"]) == ["Grün", "Grün"]
    cyrillic = misread(["Группа крови"], "cp1251")
    assert repaired([*cyrillic, "GrÃ¼n"]) == ["Группа крови", "Grün"]


def test_bytes_that_windows_does_not_know_stay():
    assert repaired(["\x81 A"]) == ["\x81 A"]


WORDS = [word for tag in tags(WESTERN) for text in tag for word in text.split()]


@given(st.lists(st.lists(st.sampled_from(WORDS), min_size=1).map(" ".join), min_size=1))
def test_no_mixture_of_western_words_is_damaged(texts):
    assert repaired(misread(texts, "cp1252")) == texts


@given(st.lists(st.text()))
def test_any_texts_come_back_in_their_number_and_ascii_untouched(texts):
    found = repaired(texts)
    assert len(found) == len(texts)
    assert all(
        new == old for new, old in zip(found, texts, strict=True) if old.isascii()
    )


@given(st.lists(st.binary(max_size=60)))
def test_any_bytes_are_some_text(raw):
    assert len(repaired([one.decode("latin-1") for one in raw])) == len(raw)
