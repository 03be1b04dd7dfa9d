"""What the words ask for: scenes, times, weather and quoted text, in English and Chinese."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

SUBJECTS: Mapping[str, str] = {
    "lake": "lake lakeside pond loch river reservoir reflection 湖 湖泊 湖水 湖边 湖面 池塘 "
    "河 河流 江 溪",
    "mountains": "mountain peak alps alpine summit hill highland cliff valley volcano himalaya "
    "山 山脉 群山 雪山 山峰 高山 丘陵 峡谷 山谷",
    "sea": "sea ocean seaside coast wave beach shore bay island sailing "
    "海 大海 海洋 海边 海浪 海滩 沙滩 海面 海岸 波浪 岛",
    "forest": "forest wood woodland tree pine jungle rainforest grove spruce birch maple "
    "森林 树林 树木 树 松树 丛林 雨林 竹林 枫林 枫叶",
    "city": "city skyline cityscape town downtown skyscraper metropolis urban street building "
    "tower tokyo shanghai manhattan 城市 都市 天际线 高楼 大楼 摩天楼 街道 建筑 城 上海 "
    "北京 东京 香港",
    "flowers": "flower cherry-blossom sakura meadow blossom bouquet garden rose tulip daisy "
    "poppy sunflower lavender "
    "petal bloom peony lotus wildflower 花 花朵 鲜花 花海 花园 花丛 玫瑰 郁金香 雏菊 向日葵 "
    "薰衣草 "
    "牡丹 荷花 樱花 草地",
    "portrait": "portrait headshot face profile selfie silhouette bust "
    "肖像 人像 头像 剪影 脸 面孔 侧脸",
    "person": "person people woman women man men girl boy lady child figure human "
    "人物 人 女人 男人 女孩 男孩 少女 少年 女子 男子 孩子",
    "abstract": "abstract pattern geometric texture fluid shapes wallpaper background swirl "
    "抽象 图案 几何 纹理 流动 背景",
}
TIMES: Mapping[str, str] = {
    "day": "day daylight daytime noon midday sunny morning afternoon 白天 正午 中午 晴 晴天 "
    "阳光 早晨 早上 下午",
    "dawn": "dawn sunrise daybreak 黎明 日出 清晨 拂晓 朝霞",
    "sunset": "sunset dusk evening twilight sundown golden-hour golden 日落 夕阳 黄昏 傍晚 "
    "晚霞 落日",
    "night": "night nighttime midnight moonlight moonlit starry nocturnal "
    "夜 雨夜 雪夜 夜晚 晚上 夜景 深夜 午夜 月光 月夜 星空 星夜",
}
WEATHERS: Mapping[str, str] = {
    "snow": "snow snowy snowing snowfall snowflake winter wintry blizzard frost ice 雪 雪夜 下雪 "
    "大雪 飘雪 雪花 冬 冬天 冬季 雪山",
    "rain": "rain rainy raining drizzle downpour storm stormy 雨 下雨 大雨 细雨 雨天 暴雨 雨夜",
    "fog": "fog foggy mist misty haze hazy 雾 薄雾 大雾 雾气 朦胧",
    "clouds": "cloud cloudy overcast 云 多云 阴天 白云 云海",
}
SEASONS: Mapping[str, str] = {
    "autumn": "autumn autumnal fall 秋 秋天 秋季 秋日 枫叶 枫林 红叶",
    "spring": "spring springtime cherry-blossom sakura 春 春天 春季 春日 樱花",
    "summer": "summer summertime 夏 夏天 夏季 夏日",
}
DETAILS: Mapping[str, str] = {
    "sun": "sun 太阳",
    "moon": "moon moonlight moonlit crescent 月亮 月光 月夜 月 明月",
    "stars": "star starry milky-way galaxy 星 星星 星空 星夜 银河",
    "aurora": "aurora northern-light 极光",
    "birds": "bird gull seagull geese 鸟 飞鸟 海鸥",
    "boat": "boat ship sail sailboat sailing 船 小船 帆船 孤舟 舟",
    "daisy": "daisy 雏菊",
    "poppy": "poppy 罂粟",
    "sunflower": "sunflower 向日葵",
    "rose": "rose peony 玫瑰 牡丹",
    "lavender": "lavender 薰衣草",
    "blossom": "cherry-blossom sakura 樱花",
    "text": "text letter lettering word writing caption 文字 字",
}
_TABLES = (SUBJECTS, TIMES, WEATHERS, SEASONS, DETAILS)

# Words that ask for nothing to be drawn, or that colour what is drawn anyway.
_FILLERS = """
a an the of in on at by with and or near over under above below behind before from to into
through this that it its is are be as for my our your some very so please draw paint make create
generate show picture image photo photograph painting illustration drawing art artwork poster
scene view landscape style vector flat minimal minimalist minimalistic beautiful pretty lovely
quiet calm serene peaceful dreamy moody dramatic cinematic epic vivid vibrant colorful colourful
soft warm cool cold bright dark light lights lit glowing glow shining high quality detailed detail
ultra hd 4k 8k realistic photorealistic highres resolution best masterpiece digital small little
big large tall huge tiny wide distant far red orange yellow green blue purple pink white black gold
silver grey gray sky skies horizon water reflected reflecting reflections colors colours saying
says said say reads reading titled title sign words one two three many few don't it's full lone
single old new young wild deep clear there where while up down out off no season time weather hour
nature natural scenery scenic falling coming covered layered layers line lines looking stands
standing without leaf leaves
的 在 和 与 及 有 一 个 一个 一片 一座 一幅 一张 一朵 一条 一位 一艘 一只 画 图 图片 照片 请 帮我
里 上 下 中 旁 边 前 后 写着 文字 着 了 是 很 美丽 漂亮 宁静 安静 风景 景色 风格 倒影 红色 蓝色
绿色 天空 地 远处 远 处 天 水 座 幅 片 色 时 时分 季 面 美
"""
# Words that ask for nothing to be drawn, or that colour what is drawn anyway.
FILLERS = frozenset(_FILLERS.split())
_CHINESE_FILLERS = sorted((word for word in FILLERS if not word.isascii()), key=len, reverse=True)

_QUOTES = re.compile(
    r"“([^“”]+)”|‘([^‘’]+)’|「([^「」]+)」|『([^『』]+)』|《([^《》]+)》|〈([^〈〉]+)〉"
    r"|«([^«»]+)»|„([^„“”]+)[“”]|\"([^\"]+)\"|(?<![^\W_])'([^'\n]+(?:'\w[^'\n]*)*)'(?!\w)"
)
_CJK = "\u3400-\u9fff\uf900-\ufaff"
_LEFT_OVER = re.compile(rf"[{_CJK}]+|[^\W\d_{_CJK}][^\W_{_CJK}'-]*(?:['-][^\W_{_CJK}]+)*")


@dataclass(frozen=True, kw_only=True)
class Brief:
    """What to draw. `left_out` holds words that mean something, but nothing to Sketch."""

    subjects: tuple[str, ...] = ()
    time: str = ""
    season: str = ""
    weathers: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def split_quotes(prompt: str, *, mark: str = " ") -> tuple[str, tuple[str, ...]]:
    """The words without the quoted parts (each leaves `mark`), and the quoted parts."""
    texts: list[str] = []

    def take(match: re.Match[str]) -> str:
        text = next(part for part in match.groups() if part is not None).strip()
        texts.extend([text] if text else [])
        return mark if text else " "

    return _QUOTES.sub(take, prompt), tuple(texts)


def read_brief(prompt: str, *, without: str = "") -> Brief:
    """`without` names what to leave out, in the same words."""
    rest, texts = split_quotes(prompt)
    found, left_out = _concepts(rest)
    banned = set(_concepts(without)[0])
    found = [concept for concept in found if concept not in banned]
    brief = Brief(
        subjects=_those(found, SUBJECTS),
        time=next(iter(_those(found, TIMES)), ""),
        season=next(iter(_those(found, SEASONS)), ""),
        weathers=_those(found, WEATHERS),
        details=_those(found, DETAILS),
        texts=() if "text" in banned else texts,
        left_out=left_out,
    )
    return replace(brief, time=brief.time or _implied_time(brief))


def _implied_time(brief: Brief) -> str:
    """The moon, stars and northern lights are seen at night."""
    return "night" if {"moon", "stars", "aurora"} & set(brief.details) else ""


def _those(found: list[str], table: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(concept for concept in found if concept in table))


def _concepts(words: str) -> tuple[list[str], tuple[str, ...]]:
    lexicon, pattern = _lexicon()
    found: list[str] = []

    def take(match: re.Match[str]) -> str:
        found.extend(lexicon[_base(match[0])])
        return " "

    rest = pattern.sub(take, words.lower().replace("’", "'"))
    return found, _meaningful(rest)


def _meaningful(rest: str) -> tuple[str, ...]:
    kept: list[str] = []
    for word in _LEFT_OVER.findall(rest):
        if word[0] >= "\u3400":
            word = _without_fillers(word)  # noqa: PLW2901
        if word and word not in FILLERS and (len(word) > 2 or word[0] >= "\u3400"):
            kept.append(word)
    return tuple(dict.fromkeys(kept))


def _without_fillers(run: str) -> str:
    for filler in _CHINESE_FILLERS:
        run = run.replace(filler, "")
    return run


@cache
def _lexicon() -> tuple[dict[str, tuple[str, ...]], re.Pattern[str]]:
    lexicon: dict[str, tuple[str, ...]] = {}
    for table in _TABLES:
        for concept, words in table.items():
            for word in words.split():
                lexicon[word] = (*lexicon.get(word, ()), concept)
    longest_first = sorted(lexicon, key=lambda word: (-len(word), word))
    return lexicon, re.compile("|".join(_spelled(word) for word in longest_first))


def _spelled(word: str) -> str:
    """Chinese is found anywhere; English as a whole word, in the plural too."""
    if not word.isascii():
        return re.escape(word)
    stem = re.escape(word).replace(r"\-", r"[\s-]")
    plural = "(?:ies|y)" if word.endswith("y") else "(?:e?s)?"
    stem = stem[:-1] if word.endswith("y") else stem
    return rf"\b{stem}{plural}\b"


def _base(match: str) -> str:
    lexicon, _ = _lexicon()
    word = re.sub(r"\s", "-", match)
    ends = (word, word.removesuffix("s"), word.removesuffix("es"), word.removesuffix("ies") + "y")
    return next(end for end in ends if end in lexicon)
