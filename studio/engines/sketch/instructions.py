"""What to do to a photo: which edits the words ask for, in which order, and how strongly."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from .words import split_quotes

PATTERNS: Mapping[str, str] = {
    "black_and_white": r"black[\s-]*(?:and|&|n)[\s-]*white|\bb\s?&\s?w\b|\bb/w\b|monochrome|"
    r"gr[ae]y[\s-]?scale|\bnoir\b|(?:remove|without|no|drop|take out)(?: all| the|"
    r"any)* colou?rs?|"
    r"desaturate (?:it )?(?:completely|fully)|黑白|灰度|单色|去色|去掉颜色|去除颜色",
    "sepia": r"sepia|vintage|looks? old(?:er)?\b|\baged\b|retro|nostalgi\w*|"
    r"old[\s-](?:photo\w*|picture|style)|antique|"
    r"棕褐|复古|怀旧|老照片|旧照片",
    "faded": r"\bfaded?\b|washed[\s-]?out|polaroid|film look|褪色|胶片",
    "warmer": r"\bwarm(?:er|th|en)?\b(?! up the)|less (?:cold|cool|blue)|更暖|暖一点|暖色|"
    r"暖调|温暖|变暖",
    "cooler": r"\bcool(?:er)?\b|\bcold(?:er)?\b|less (?:warm|yellow)|bluish|更冷|冷一点|"
    r"冷色|冷调|变冷",
    "brighter": r"\bbright(?:er|en|ness up)?\b|\blight(?:er|en)\b|less dark|(?:more|"
    r"increase) (?:the )?"
    r"(?:light|exposure|brightness)|increase (?:the )?brightness|更亮|亮一点|亮一些|提亮|"
    r"变亮|调亮|增亮|明亮",
    "darker": r"\bdark(?:er|en)?\b|less bright|\bdim(?:mer)?\b|(?:less|decrease|reduce|lower)"
    r" (?:the )?(?:light|exposure|brightness)|更暗|暗一点|暗一些|变暗|调暗|压暗",
    "less_contrast": r"(?:less|lower|reduce|decrease|soften)(?: the)? contrast|降低对比度?|"
    r"减小对比度?|对比度?(?:更)?低",
    "more_contrast": r"contrast\w*|punch(?:y|ier)|(?:增强|增加|提高|加强|更高|高)?对比度?",
    "less_colour": r"(?:less|lower|reduce|decrease)(?: the)? (?:saturat\w+|colou?r\w*)|"
    r"desaturate\w*|"
    r"\bmuted?\b|降低饱和度?|减少饱和度?|更淡",
    "more_colour": r"vivid|\bpop\b|vibran\w+|saturat\w+|colou?rful|more colou?r\w*|"
    r"鲜艳|饱和度?|鲜明",
    "blur_background": r"blur\w*(?: out)?(?: the| its)? (?:back\s?ground|back\s?drop|"
    r"surroundings)|"
    r"(?:back\s?ground|back\s?drop) (?:blur\w*|out of focus)|bokeh|depth of field|portrait mode|"
    r"(?:模糊|虚化)(?:一下)?背景|背景(?:模糊|虚化)|景深|散景",
    "blur": r"\bblur(?:red|ry|rier)?\b|soft focus|\bsmooth(?:er)?\b|模糊|柔焦",
    "sharpen": r"sharp(?:en(?:ed|ing)?|er)?\b|crisp(?:er)?\b|clearer|锐化|更清晰|清晰",
    "rotate": r"rotat\w*|upside[\s-]?down|turn (?:it |the \w+ )?(?:to the )?(?:left|right|"
    r"clockwise|"
    r"counter\W?clockwise|90|180|270)|旋转|转\s?\d+\s?度|向[左右]转|[左右]转|倒过来|逆时针|"
    r"顺时针",
    "flip": r"\bflip\w*|mirror\w*|翻转|镜像|左右颠倒|上下颠倒",
    "pencil": r"pencil|charcoal|(?:a |hand[\s-]?drawn )?sketch\b|line (?:art|drawing)|"
    r"\bdrawing\b|素描|铅笔|手绘|线稿",
    "watercolour": r"water\s?colou?rs?|水彩|水墨",
    "oil": r"\boils?\b(?: paint\w*)?|impasto|impressionis\w+|van gogh|painting\b|油画",
    "cartoon": r"cartoon\w*|comics?\b|anime|toon\b|pop art|ghibli|卡通|漫画|动漫|动画",
    "pixelate": r"pixel\w*|mosaic\w*|8[\s-]?bit|censor\w*|马赛克|像素化?",
    "vignette": r"vignett\w*|dark(?:en)?(?:er)?(?: the| its)? (?:corners|edges)|暗角|晕影",
    "inverted": r"\binvert\w*|\bnegative\b|反色|反相|负片",
    "film_grain": r"(?:film )?\bgrain\w*|\bnois[ey]\b|颗粒|噪点",
    "snow": r"snow\w*|winter\w*|blizzard|christmas|下雪|飘雪|雪景|雪花|冬天|冬季|冬日|雪",
    "rain": r"\brain\w*|drizzl\w*|storm\w*|下雨|雨天|雨景|暴雨|雨",
    "mist": r"\bfog\w*|\bmist\w*|\bhaz[ey]\w*|起雾|薄雾|雾气|大雾|雾",
    "sunset": r"sun\s?set\w*|sun\s?rise|golden[\s-]hour|\bdusk\b|twilight|日落|夕阳|黄昏|"
    r"傍晚|晚霞|日出|黄金时刻",
    "night": r"(?:day (?:in)?to )?\bnight(?:time)?\b|moonlight|midnight|夜晚|夜景|晚上|夜间|"
    r"黑夜|夜",
    "autumn": r"autumn\w*|\bfall (?:colou?rs|season|foliage|leaves)|in (?:the )?fall\b|秋天|"
    r"秋季|秋日|秋色|秋",
    "bubble": r"(?:speech|talk\w*|thought|comic|dialogue?)[\s-]*(?:bubble|balloon)|"
    r"\bbubble\b|对话框|气泡|对话泡",
    "caption": r"captions?\b|subtitles?\b|titles?\b|\btext\b|\bwords?\b|\bletter(?:s|ing)\b|"
    r"\bsaying\b|"
    r"标题|字幕|文字|写上|写着|说明文字",
}
_COMPILED = {name: re.compile(pattern) for name, pattern in PATTERNS.items()}
_TEXTUAL = ("bubble", "caption")
_MARK = "\ue000"
_BREAK = re.compile(
    r"[,;.!?。，；、！？\n]+|\band then\b|\band\b|\bthen\b|\bbut\b|\bplus\b|\balso\b|然后|"
    r"并且|接着|同时|并|再|和"
)
_SLIGHT = re.compile(
    r"slight\w*|\blittle\b|\bbit\b|subtl[ey]|gentl[ey]|\bsoftly\b|稍微|稍稍|略|轻微|一点|一些"
)
_VERY = re.compile(
    r"\bvery\b|\bmuch\b|\blot\b|strong\w*|heav\w+|extreme\w*|dramatic\w*|intense\w*|非常|很|"
    r"强烈|大幅|极"
)
_CHANGING = re.compile(
    r"\b(?:add|put|place|insert|remove|erase|delete|replace|swap)\b|加|添|去掉|去除|"
    r"移除|删|换"
)
_UNDOING = re.compile(r"\b(?:remove|erase|delete|without|no more|get rid of)\b|去掉|去除|移除|删")
_FORBIDDING = re.compile(r"\bdo(?:n't| not|nt)\b|\bnever\b|不要|别")
_CANNOT_UNDO = frozenset(
    {"snow", "rain", "mist", "caption", "bubble", "night", "sunset", "film_grain"}
)
_HARMLESS_WORDS = """
a an the it this that its image photo picture pic please make made turn turned into to in of on at
by with for look looks like as if were is be can could you would i want my me so more less some
very bit little much lot effect effects filter style version apply give add use change convert keep
everything else same rest unchanged only just there now up down out all whole and then photograph
shot frame feel mood tone color colour colors colours degrees degree 90 180 270 saying says reads
that's overall glow vibe touch hint atmosphere write nice nicer better scene day
请 把 将 这张 照片 图片 图 图像 变成 改成 成 变 得 的 一下 一点 一些 加上 添加 加 效果 风格 滤镜
让 它 这 张 更 使 给 我 了 为 转 换 换成 保持 不变 其他 其它 做 弄 处理 再 上 里 一个
度 感觉 氛围 样子
"""
_HARMLESS = frozenset(_HARMLESS_WORDS.split())
_WORD = re.compile(r"[\u3400-\u9fff]+|[a-z0-9][a-z0-9'-]*|[^\W_]+")


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """`words` is the clause it was read from, for directions; `force` scales the strength."""

    name: str
    words: str = ""
    force: float = 1.0
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Instructions:
    """`unknown` quotes what was not understood, as the user wrote it."""

    known: tuple[Instruction, ...]
    unknown: tuple[str, ...]


@dataclass
class _Clause:
    text: str
    found: list[tuple[int, int, str]] = field(default_factory=list)


def read_instructions(prompt: str) -> Instructions:
    rest, texts = split_quotes(prompt, mark=f" {_MARK} ")
    rest = " ".join(rest.split())
    known: list[Instruction] = []
    unknown: list[str] = []
    waiting = list(texts)
    for clause in _clauses(rest):
        made = _instructions(clause)
        quotes = [waiting.pop(0) for _ in range(min(clause.text.count(_MARK), len(waiting)))]
        made, known = _with_quotes(made, quotes, known)
        if _is_strange(clause, made, bool(quotes)):
            unknown.append(clause.text.replace(_MARK, "…").strip())
            made = [one for one in made if one.text or not _is_undone(clause, one)]
        known += made
    unknown += [one.words for one in known if one.name in _TEXTUAL and not one.text]
    known = [one for one in known if one.name not in _TEXTUAL or one.text]
    return Instructions(known=tuple(known), unknown=tuple(dict.fromkeys(unknown)))


def _clauses(rest: str) -> list[_Clause]:
    """Cut where one thing ends and the next begins, but never inside "black and white"."""
    found = _matches(rest.lower())
    cuts = [
        cut.span()
        for cut in _BREAK.finditer(rest.lower())
        if not any(start < cut.end() and cut.start() < end for start, end, _ in found)
    ]
    clauses, begin = [], 0
    for start, end in [*cuts, (len(rest), len(rest))]:
        inside = [(s - begin, e - begin, name) for s, e, name in found if begin <= s and e <= start]
        clauses.append(_Clause(rest[begin:start], inside))
        begin = end
    return clauses


def _matches(lowered: str) -> list[tuple[int, int, str]]:
    """From left to right; of two that overlap, the longer; of two alike, the table's first."""
    spans = [
        (match.start(), match.end(), name)
        for name, pattern in _COMPILED.items()
        for match in pattern.finditer(lowered)
    ]
    kept: list[tuple[int, int, str]] = []
    for start, end, name in sorted(spans, key=lambda span: span[0] - span[1]):
        if all(end <= other[0] or other[1] <= start for other in kept):
            kept.append((start, end, name))
    return sorted(kept)


def _instructions(clause: _Clause) -> list[Instruction]:
    lowered = clause.text.lower()
    force = 0.55 if _SLIGHT.search(lowered) else 1.5 if _VERY.search(lowered) else 1.0
    names = dict.fromkeys(name for _, _, name in clause.found)
    if "flip" in names:  # "Flip it upside down" is one thing, not two.
        names.pop("rotate", None)
    return [
        Instruction(name=name, words=lowered.replace(_MARK, "").strip(), force=force)
        for name in names
    ]


def _with_quotes(
    made: list[Instruction], quotes: list[str], known: list[Instruction]
) -> tuple[list[Instruction], list[Instruction]]:
    """A quote goes to the bubble or caption beside it, or to the one before; else a caption."""
    for text in quotes:
        beside = next((one for one in made if one.name in _TEXTUAL and not one.text), None)
        before = next((one for one in known if one.name in _TEXTUAL and not one.text), None)
        if beside:
            made = [replace(one, text=text) if one is beside else one for one in made]
        elif before:
            known = [replace(one, text=text) if one is before else one for one in known]
        else:
            made = [*made, Instruction(name="caption", text=text)]
    if any(one.name == "bubble" and one.text for one in made):
        made = [one for one in made if one.name != "caption" or one.text]
    return made, known


def _is_undone(clause: _Clause, one: Instruction) -> bool:
    """Whether the clause says not to do it, or to take away what cannot be taken away."""
    rest = _rest(clause)
    return bool(_FORBIDDING.search(rest) or (one.name in _CANNOT_UNDO and _UNDOING.search(rest)))


def _rest(clause: _Clause) -> str:
    """What the edits found in the clause leave of it."""
    left = clause.text.lower()
    for start, end, _ in reversed(clause.found):
        left = f"{left[:start]} {left[end:]}"
    return left


def _is_strange(clause: _Clause, made: list[Instruction], has_quote: bool) -> bool:
    """Whether something was asked for that no edit here answers."""
    left = _rest(clause)
    if any(_is_undone(clause, one) for one in made):
        return True
    meaning = [word for word in _WORD.findall(left.replace(_MARK, " ")) if _means(word)]
    if not made:
        return bool(meaning) and not has_quote
    is_textual = any(one.name in _TEXTUAL for one in made)
    return bool(meaning and _CHANGING.search(left) and not is_textual)


def _means(word: str) -> bool:
    if "\u3400" <= word[0] <= "\u9fff":
        for part in sorted(_HARMLESS, key=len, reverse=True):
            word = word.replace(part, "")
        return bool(word) and not _SLIGHT.fullmatch(word) and not _VERY.fullmatch(word)
    return word not in _HARMLESS and not _SLIGHT.fullmatch(word)
