import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.media.languages import language_tag


@pytest.mark.parametrize(
    ("code", "tag"),
    [
        ("ger", "de"),
        ("deu", "de"),
        ("DE", "de"),
        ("eng", "en"),
        ("zho", "zh"),
        ("pt-BR", "pt-br"),
        ("por_BR", "pt-br"),
        ("zh-Hant-TW", "zh-hant-tw"),
        ("nds", "nds"),  # Low German has three letters only
        (" fra ", "fr"),
        ("und", ""),
        ("mul", ""),
        ("qaa", ""),  # DVB's "original language"
        ("English", ""),
        ("e", ""),
        ("\0\0\0", ""),
        ("d\u00e9", ""),
        ("", ""),
    ],
)
def test_language_tag(code, tag):
    assert language_tag(code) == tag


@given(st.text())
def test_any_text_gives_a_tag_or_nothing(code):
    tag = language_tag(code)
    assert tag == tag.lower()
    assert tag == "" or language_tag(tag) == tag
