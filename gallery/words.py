"""Words as both databases index them: made here, so that both find the same.

    "Über den Seen: 湖水清"   ->   uber den seen 湖 湖水 水 水清 清

Writing without spaces (Chinese, Japanese, Korean) is cut into characters and pairs of them, as
words of two are the most common there. A word of many things is found by one of them: "lakes"
by "lake". Nothing of a text is taken for a query's syntax, as a word has only letters and digits.
"""

import re
import unicodedata

_MOST_WORDS = 2_000
_MOST_WANTED = 16
_LONGEST = 40
_UNSPACED = (
    "\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U000323af"
)
_RUN = re.compile(f"[{_UNSPACED}]+|[^\\W_{_UNSPACED}]+")
_PAIRED = re.compile(f"[{_UNSPACED}]")
_ACCENTS = re.compile("[\u0300-\u036f]")


def indexed(*texts: str) -> str:
    """All words of the texts, each once, with spaces between them."""
    found: list[str] = []
    for run in (run for text in texts for run in _runs(text)):
        if _PAIRED.match(run):
            found += [run[at : at + size] for at in range(len(run)) for size in (1, 2)]
        else:
            found.append(_one_of(run[:_LONGEST]))
    return " ".join(list(dict.fromkeys(found))[:_MOST_WORDS])


def wanted(text: str) -> list[str]:
    """The words that have to be there; none in a text without any."""
    found: list[str] = []
    for run in _runs(text):
        if _PAIRED.match(run):
            found += [run[at : at + 2] for at in range(max(1, len(run) - 1))]
        else:
            found.append(_one_of(run[:_LONGEST]))
    return list(dict.fromkeys(found))[:_MOST_WANTED]


def _one_of(word: str) -> str:
    """Lakes are found as a lake; a glass stays whole."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and word[-2] not in "su" else word


def _runs(text: str) -> list[str]:
    apart = unicodedata.normalize("NFKD", text.casefold())
    plain = unicodedata.normalize("NFKC", _ACCENTS.sub("", apart)).casefold()
    return _RUN.findall(plain)
