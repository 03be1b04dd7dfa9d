"""The embedded engine draws what the words name and does to photos what they ask."""

import hashlib
import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from studio.engines.contract import EngineRequest, EngineResult, Refused, StyleReference, Trouble
from studio.engines.sketch import SketchEngine
from studio.engines.sketch.edits import EDITS
from studio.engines.sketch.instructions import PATTERNS, read_instructions
from studio.engines.sketch.lettering import font_at, without_undrawable, wrapped
from studio.engines.sketch.words import read_brief, split_quotes

SMALL = (160, 128)
ENGINE = SketchEngine()


def draw(prompt: str, **options) -> EngineResult:
    options = {"size": SMALL, "seed": 7, "deadline_seconds": 60.0, **options}
    request = EngineRequest(model="sketch", operation="generate", prompt=prompt, **options)
    return ENGINE.run(request)


def edit(prompt: str, image: bytes, **options) -> EngineResult:
    options = {"seed": 7, "deadline_seconds": 60.0, **options}
    request = EngineRequest(model="sketch", operation="edit", prompt=prompt, image=image, **options)
    return ENGINE.run(request)


def pixels(result: EngineResult) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(result.data))).astype(np.float32)


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def photo_image() -> Image.Image:
    """A red ball in front of fine green texture, lighter at the top."""
    rng = np.random.default_rng(1)
    rows, columns = np.mgrid[0:180, 0:240].astype(np.float32)
    base = np.stack([60 + rows * 0, 150 - rows * 0.4, 60 + (180 - rows) * 0.5], -1)
    base += rng.normal(0, 28, (180, 240, 1))
    ball = ((columns - 120) ** 2 + (rows - 95) ** 2 < 45**2)[..., None]
    stripes = 30 * np.sin(columns / 2)[..., None]
    base = np.where(ball, np.array([205, 60, 50]) + stripes, base)
    return Image.fromarray(np.clip(base, 0, 255).astype(np.uint8))


PHOTO = encoded(photo_image())
BEFORE = np.asarray(photo_image()).astype(np.float32)


def roughness(image: np.ndarray) -> float:
    grey = image.mean(axis=-1)
    inner = grey[1:-1, 1:-1]
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float((around - 4 * inner).var())


# Repeatable


def test_same_words_and_seed_give_the_same_bytes():
    prompt = "a lake with mountains at sunset, 'Hello 世界'"
    assert draw(prompt).data == draw(prompt).data


def test_another_process_gives_the_same_bytes():
    prompt = "autumn forest in the rain"
    script = (
        "import sys, hashlib;"
        "from studio.engines.contract import EngineRequest;"
        "from studio.engines.sketch import SketchEngine;"
        "request = EngineRequest(model='sketch', operation='generate', prompt=sys.argv[1],"
        " size=(160, 128), seed=7, deadline_seconds=60.0);"
        "print(hashlib.sha256(SketchEngine().run(request).data).hexdigest())"
    )
    command = [sys.executable, "-c", script, prompt]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert told == hashlib.sha256(draw(prompt).data).hexdigest()


@pytest.mark.parametrize("prompt", ["a lake", "city at night", "abstract", "portrait", "flowers"])
def test_another_seed_moves_the_picture(prompt):
    one, other = (pixels(draw(prompt, seed=seed)) for seed in (1, 2))
    assert np.abs(one - other).mean() > 6


def test_edits_repeat_too():
    assert edit("oil painting", PHOTO).data == edit("oil painting", PHOTO).data


def test_a_seed_is_picked_and_told_and_repeats():
    first = draw("a lake", seed=None)
    assert first.seed is not None
    assert 0 <= first.seed < 2**31
    assert draw("a lake", seed=first.seed).data == first.data


# Words


SUBJECT_WORDS = [
    ("lake", "a quiet lake", "宁静的湖泊"),
    ("mountains", "snowy mountains", "群山"),
    ("sea", "the ocean", "大海"),
    ("forest", "deep woods", "森林"),
    ("city", "city skyline", "城市夜景"),
    ("flowers", "a meadow of poppies", "花海"),
    ("portrait", "portrait of a woman", "一个女孩的肖像"),
    ("abstract", "geometric shapes", "抽象图案"),
]


@pytest.mark.parametrize(("concept", "english", "chinese"), SUBJECT_WORDS)
def test_subjects_are_recognised_in_both_languages(concept, english, chinese):
    assert concept in read_brief(english).subjects
    assert concept in read_brief(chinese).subjects


TIME_WORDS = [
    ("day", "at noon", "正午"),
    ("dawn", "sunrise", "日出"),
    ("sunset", "at golden hour", "夕阳下"),
    ("night", "under moonlight", "月光下"),
]


@pytest.mark.parametrize(("time", "english", "chinese"), TIME_WORDS)
def test_times_are_recognised_in_both_languages(time, english, chinese):
    assert read_brief(english).time == time
    assert read_brief(chinese).time == time


WEATHER_WORDS = [
    ("snow", "in winter", "下雪"),
    ("rain", "a rainy street", "雨天"),
    ("fog", "misty", "薄雾"),
    ("clouds", "cloudy", "多云"),
]


@pytest.mark.parametrize(("weather", "english", "chinese"), WEATHER_WORDS)
def test_weathers_are_recognised_in_both_languages(weather, english, chinese):
    assert weather in read_brief(english).weathers
    assert weather in read_brief(chinese).weathers


@pytest.mark.parametrize(
    ("season", "english", "chinese"),
    [("autumn", "in fall", "秋天"), ("spring", "springtime", "春天"), ("summer", "summer", "夏日")],
)
def test_seasons_are_recognised_in_both_languages(season, english, chinese):
    assert read_brief(english).season == season
    assert read_brief(chinese).season == season


def test_a_whole_sentence_is_read():
    brief = read_brief("a quiet lake with mountains at sunset in autumn, 'Hello 世界'")
    assert brief.subjects == ("lake", "mountains")
    assert (brief.time, brief.season) == ("sunset", "autumn")
    assert brief.texts == ("Hello 世界",)
    assert brief.left_out == ()


@pytest.mark.parametrize(
    "prompt",
    [
        "“你好” lake",
        "「你好」 lake",
        "『你好』 lake",
        "《你好》 lake",
        '"你好" lake',
        "'你好' lake",
    ],
)
def test_quotes_of_every_kind_are_read(prompt):
    rest, texts = split_quotes(prompt)
    assert texts == ("你好",)
    assert "你好" not in rest


def test_an_apostrophe_is_no_quote():
    assert split_quotes("a dog's life and a cat's dream") == (
        "a dog's life and a cat's dream",
        (),
    )


def test_words_inside_others_are_not_recognised():
    assert read_brief("an unseasoned lakeless pineapple").subjects == ()


# Drawing


ALL_SCENES = [
    *("a lake", "mountains", "the sea and a boat", "a forest in fog", "city", "flowers"),
    *("portrait", "abstract", "sunflowers by a lake at night", "a man by the sea in the snow"),
    *("birds over mountains in the rain", "aurora over a lake", "portrait with a forest"),
]


@pytest.mark.parametrize("prompt", ALL_SCENES)
@pytest.mark.parametrize("size", [(160, 96), (97, 150)])
def test_every_scene_fills_its_size(prompt, size):
    result = draw(prompt, size=size)
    image = Image.open(io.BytesIO(result.data))
    assert (image.format, image.mode, image.size) == ("PNG", "RGB", size)
    assert np.asarray(image).std() > 8
    assert result.notes == ()


@pytest.mark.parametrize("size", [(1, 1), (8, 200)])
def test_tiny_pictures_are_drawn_too(size):
    for prompt in ("a lake with mountains 'Hi'", "city", "flowers", "portrait", "abstract"):
        assert Image.open(io.BytesIO(draw(prompt, size=size).data)).size == size


def test_the_usual_size_is_1024_square():
    assert Image.open(io.BytesIO(draw("a lake", size=None).data)).size == (1024, 1024)


def test_night_is_darker_than_day():
    day, night = (pixels(draw(f"a lake, {time}")).mean() for time in ("noon", "night"))
    assert night < day * 0.6


def test_snow_and_rain_leave_their_marks():
    plain, snow, rain = (
        pixels(draw(f"mountains at noon {weather}")) for weather in ("", "snow", "rain")
    )
    assert np.abs(plain - snow).mean() > 3
    assert np.abs(plain - rain).mean() > 3
    assert rain.mean() < snow.mean()


def test_unknown_words_give_an_abstract_and_say_so():
    result = draw("quarterly dragon")
    assert "did not find any of them" in result.notes[0]
    assert pixels(result).std() > 8


def test_words_left_out_are_named():
    assert "dragon" in draw("a lake with a dragon").notes[0]
    assert "龙" in draw("湖边的一只龙").notes[0]


def test_a_mood_alone_still_makes_a_landscape():
    assert draw("sunset").notes == ()


@pytest.mark.parametrize("option", [{"steps": 4}, {"steps": 50}, {"cfg_scale": 8.0}])
def test_steps_and_scale_alter_the_picture(option):
    assert draw("a lake with mountains", **option).data != draw("a lake with mountains").data


def test_a_higher_scale_deepens_the_colours():
    def colourfulness(scale: float) -> float:
        image = pixels(draw("a lake at sunset", cfg_scale=scale))
        return float((image.max(axis=-1) - image.min(axis=-1)).mean())

    assert colourfulness(10.0) > colourfulness(1.0)


def test_the_negative_prompt_counts_when_the_scale_is_not_one():
    plain = draw("mountains", cfg_scale=4.0)
    assert draw("mountains", cfg_scale=4.0, negative_prompt="a dragon").data == plain.data
    rainy = {"prompt": "mountains in the rain", "negative_prompt": "rain"}
    assert draw(**rainy, cfg_scale=4.0).data != draw(rainy["prompt"], cfg_scale=4.0).data
    assert draw(**rainy, cfg_scale=1.0).data == draw(rainy["prompt"], cfg_scale=1.0).data


# Letters


def test_chinese_letters_have_shapes_of_their_own():
    font = font_at(32)
    inks = {bytes(font.getmask(letter)) for letter in "你好世界한あ"}
    assert len(inks) == 6


def test_quoted_text_is_drawn():
    one, other = (pixels(draw(f"a lake “{text}”")) for text in ("你好", "世界"))
    bare = pixels(draw("a lake"))
    assert (np.abs(one - other).sum(axis=-1) > 60).sum() > 20
    assert (np.abs(one - bare).sum(axis=-1) > 60).sum() > 60


def test_text_mode_sets_larger_letters():
    options = {"prompt": "a lake 'Hi'", "size": (256, 256)}
    assert draw(**options, text_mode=True).data != draw(**options).data


def test_letters_without_a_shape_are_named():
    assert without_undrawable("Hi 😀") == ("Hi", "😀")
    assert "😀" in draw("a lake 'Hi 😀'").notes[0]


def test_lines_wrap_at_spaces_and_between_chinese_letters():
    font = font_at(20)
    english = wrapped("one two three four five", font, 80)
    assert len(english) > 1
    assert " ".join(english) == "one two three four five"
    chinese = wrapped("今天天气很好，我们去湖边散步吧。", font, 90)
    assert len(chinese) > 2
    assert all(line[0] not in "，。" for line in chinese)


# Instructions


INSTRUCTIONS = [
    ("black_and_white", "make it black and white", "变成黑白照片"),
    ("black_and_white", "remove the colour", "去掉颜色"),
    ("sepia", "give it a vintage look", "复古风格"),
    ("warmer", "make it warmer", "更暖一点"),
    ("cooler", "cooler tones please", "冷色调"),
    ("brighter", "brighten the photo", "调亮一点"),
    ("darker", "a bit darker", "更暗"),
    ("more_contrast", "increase the contrast", "增加对比度"),
    ("less_contrast", "lower contrast", "降低对比度"),
    ("more_colour", "more vibrant colours", "更鲜艳"),
    ("blur_background", "blur the background", "模糊背景"),
    ("sharpen", "sharpen it", "锐化"),
    ("flip", "flip horizontally", "水平翻转"),
    ("rotate", "rotate 90 degrees clockwise", "旋转90度"),
    ("pencil", "turn this into a pencil drawing", "素描"),
    ("oil", "as an oil painting", "油画"),
    ("cartoon", "cartoon style", "卡通"),
    ("watercolour", "watercolor", "水彩"),
    ("pixelate", "pixelate", "马赛克"),
    ("vignette", "add a vignette", "暗角"),
    ("snow", "make it look like winter", "下雪"),
    ("rain", "make it rain", "下雨"),
    ("mist", "foggy", "薄雾"),
    ("sunset", "golden hour", "日落"),
    ("night", "at night", "夜晚"),
    ("autumn", "make it autumn", "秋天"),
]


@pytest.mark.parametrize(("name", "english", "chinese"), INSTRUCTIONS)
def test_instructions_are_recognised_in_both_languages(name, english, chinese):
    for prompt in (english, chinese):
        read = read_instructions(prompt)
        assert [one.name for one in read.known] == [name]
        assert read.unknown == ()


def test_instructions_keep_their_order_and_their_text():
    read = read_instructions("rotate left, black and white and add a caption 'Hello, you'")
    assert [one.name for one in read.known] == ["rotate", "black_and_white", "caption"]
    assert read.known[-1].text == "Hello, you"


@pytest.mark.parametrize(
    "prompt", ["add a speech bubble saying “你好”", "put '你好' in a speech bubble", "气泡「你好」"]
)
def test_a_bubble_takes_the_quote_beside_it(prompt):
    read = read_instructions(prompt)
    assert [(one.name, one.text) for one in read.known] == [("bubble", "你好")]


def test_adverbs_scale_the_strength():
    forces = [
        read_instructions(f"make it {adverb} warmer").known[0].force
        for adverb in ("slightly", "", "much")
    ]
    assert forces == sorted(forces)
    assert len(set(forces)) == 3


def test_every_pattern_has_its_edit():
    assert set(PATTERNS) == set(EDITS) - {"gentle_grade"}


@pytest.mark.parametrize("prompt", ["remove the snow", "去掉雨"])
def test_weather_cannot_be_taken_away(prompt):
    read = read_instructions(prompt)
    assert read.known == ()
    assert read.unknown == (prompt,)


@pytest.mark.parametrize("prompt", ["don't make it darker", "不要下雨"])
def test_what_is_forbidden_is_not_done(prompt):
    read = read_instructions(prompt)
    assert read.known == ()
    assert read.unknown == (prompt,)


@pytest.mark.parametrize(
    ("prompt", "names"),
    [
        ("give it a warm golden hour glow", ["warmer", "sunset"]),
        ("换成夜晚的感觉", ["night"]),
        ("flip it upside down", ["flip"]),
        ("让照片更亮一点，然后加上暗角", ["brighter", "vignette"]),
        ("Rotate it to the left and sharpen, then write “SALE”", ["rotate", "sharpen", "caption"]),
    ],
)
def test_natural_phrases_are_read(prompt, names):
    read = read_instructions(prompt)
    assert [one.name for one in read.known] == names
    assert read.unknown == ()


# Editing


@pytest.mark.parametrize("name", sorted(EDITS))
def test_every_edit_changes_the_photo(name):
    asked = {"gentle_grade": "make it nice", "caption": "'Hi'", "bubble": "bubble 'Hi'"}
    result = edit(asked.get(name, name.replace("_", " ")), PHOTO)
    after = pixels(result)
    assert after.shape in {(180, 240, 3), (240, 180, 3)}
    assert after.shape != BEFORE.shape or np.abs(after - BEFORE).mean() > 0.5


def test_black_and_white_leaves_no_colour():
    after = pixels(edit("black and white", PHOTO))
    assert np.array_equal(after[..., 0], after[..., 1])
    assert np.array_equal(after[..., 1], after[..., 2])


def test_sepia_is_brown():
    red, green, blue = pixels(edit("sepia", PHOTO)).mean(axis=(0, 1))
    assert red > green > blue


def test_warmer_and_cooler_part_red_from_blue():
    def warmth(image: np.ndarray) -> float:
        return float((image[..., 0] - image[..., 2]).mean())

    warm, cool = (warmth(pixels(edit(word, PHOTO))) for word in ("warmer", "cooler"))
    assert cool < warmth(BEFORE) - 4
    assert warm > warmth(BEFORE) + 4


def test_brighter_and_darker_move_the_mean():
    assert pixels(edit("brighter", PHOTO)).mean() > BEFORE.mean() + 10
    assert pixels(edit("darker", PHOTO)).mean() < BEFORE.mean() - 10


def test_contrast_spreads_tones_or_gathers_them():
    assert pixels(edit("more contrast", PHOTO)).std() > BEFORE.std() + 2
    assert pixels(edit("less contrast", PHOTO)).std() < BEFORE.std() - 2


def test_flips_mirror_the_pixels():
    assert np.array_equal(pixels(edit("flip horizontally", PHOTO)), BEFORE[:, ::-1])
    assert np.array_equal(pixels(edit("flip vertically", PHOTO)), BEFORE[::-1])
    assert np.array_equal(pixels(edit("上下翻转", PHOTO)), BEFORE[::-1])


@pytest.mark.parametrize(
    ("prompt", "quarters"),
    [
        ("rotate 90 degrees clockwise", -1),
        ("rotate right", -1),
        ("rotate left", 1),
        ("rotate 90 degrees counter-clockwise", 1),
        ("turn it upside down", 2),
        ("rotate 180", 2),
        ("rotate 270 degrees", 1),
        ("向左旋转90度", 1),
    ],
)
def test_rotation_by_right_angles(prompt, quarters):
    assert np.array_equal(pixels(edit(prompt, PHOTO)), np.rot90(BEFORE, quarters))


def test_blurring_the_background_spares_the_subject():
    after = pixels(edit("blur the background", PHOTO))
    for border in (np.s_[:24], np.s_[-24:], np.s_[:, :24], np.s_[:, -24:]):
        assert roughness(after[border]) < roughness(BEFORE[border]) * 0.2
    middle = np.s_[80:110, 100:140]
    assert roughness(after[middle]) > roughness(BEFORE[middle]) * 0.5


def test_sharpening_raises_and_blurring_lowers_detail():
    assert roughness(pixels(edit("sharpen", PHOTO))) > roughness(BEFORE) * 1.2
    assert roughness(pixels(edit("blur", PHOTO))) < roughness(BEFORE) * 0.5


def test_pixelate_leaves_few_blocks():
    after = pixels(edit("pixelate", PHOTO))
    changes = (np.abs(np.diff(after, axis=1)).sum(axis=-1) > 0).any(axis=0)
    assert changes.sum() < after.shape[1] / 2


def test_a_vignette_darkens_corners_and_not_the_middle():
    after = pixels(edit("vignette", PHOTO))
    assert after[:20, :20].mean() < BEFORE[:20, :20].mean() * 0.7
    assert np.abs(after[80:100, 110:130] - BEFORE[80:100, 110:130]).max() <= 1


def test_a_pencil_drawing_is_pale_and_almost_grey():
    after = pixels(edit("pencil sketch", PHOTO))
    assert after.mean() > BEFORE.mean() + 20
    assert (after.max(axis=-1) - after.min(axis=-1)).max() < 16


def test_night_is_dark_and_blue_and_sunset_warm():
    night = pixels(edit("at night", PHOTO)).mean(axis=(0, 1))
    sunset = pixels(edit("golden hour", PHOTO)).mean(axis=(0, 1))
    assert night.mean() < BEFORE.mean() * 0.75
    assert night[2] > night[0]
    assert sunset[0] > sunset[2] + 20


def test_instructions_apply_one_after_another():
    both = pixels(edit("black and white and flip horizontally", PHOTO))
    grey = pixels(edit("black and white", PHOTO))
    assert np.array_equal(both, grey[:, ::-1])


def test_captions_and_bubbles_draw_the_quoted_words():
    for place, part in (("caption", np.s_[120:]), ("speech bubble", np.s_[:90])):
        one, other = (pixels(edit(f"add a {place} “{text}”", PHOTO)) for text in ("你好", "世界"))
        assert (np.abs(one - other)[part].sum(axis=-1) > 60).sum() > 10
        assert np.abs(one - BEFORE)[part].mean() > 2


def test_what_is_not_understood_is_named_and_a_grade_given():
    result = edit("add a dragon", PHOTO)
    assert result.notes == (
        'Sketch did not understand: "add a dragon"; a gentle grade was applied.',
    )
    assert 0.5 < np.abs(pixels(result) - BEFORE).mean() < 40


def test_what_is_understood_is_done_beside_what_is_not():
    result = edit("black and white, and add a dragon", PHOTO)
    assert result.notes == ('Sketch did not understand: "add a dragon".',)
    after = pixels(result)
    assert np.array_equal(after[..., 0], after[..., 2])


def test_known_instructions_bring_no_note():
    assert edit("please make this photo much warmer and keep everything else", PHOTO).notes == ()


@pytest.mark.parametrize("option", [{"cfg_scale": 8.0}, {"steps": 50}])
def test_steps_and_scale_alter_an_edit(option):
    assert edit("snow", PHOTO, **option).data != edit("snow", PHOTO).data


def test_a_higher_scale_edits_more():
    mild, strong = (pixels(edit("sepia", PHOTO, cfg_scale=scale)) for scale in (1.0, 10.0))
    assert np.abs(strong - BEFORE).mean() > np.abs(mild - BEFORE).mean()


def test_orientation_is_applied_before_anything_else():
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = encoded(photo_image(), "JPEG", exif=exif, quality=95)
    assert pixels(edit("brighter", turned)).shape == (240, 180, 3)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1", "CMYK", "I;16"])
def test_photos_of_every_mode_are_read(mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    source = Image.new("I;16", (40, 30), 30000) if mode == "I;16" else photo_image().convert(mode)
    after = pixels(edit("warmer", encoded(source, kind)))
    assert after.ndim == 3


def test_transparency_becomes_white():
    clear = Image.new("RGBA", (40, 30), (255, 0, 0, 0))
    assert pixels(edit("flip", encoded(clear))).min() == 255


@pytest.mark.parametrize("size", [(1, 1), (3, 400), (17, 5)])
def test_tiny_photos_survive_every_edit(size):
    tiny = encoded(photo_image().resize(size))
    for name in EDITS:
        words = f"{name.replace('_', ' ')} 'Hi'"
        assert pixels(edit(words, tiny)).size == size[0] * size[1] * 3


@pytest.mark.parametrize(
    "data", [b"", b"not an image", PHOTO[: len(PHOTO) // 2], b"\x89PNG\r\n\x1a\n", None]
)
def test_an_unreadable_photo_is_refused(data):
    with pytest.raises(Refused) as raised:
        edit("warmer", data)
    assert raised.value.sentence == "The photo could not be read."


def test_no_time_left_is_told():
    with pytest.raises(Trouble):
        draw("a lake", deadline_seconds=-1.0)


def test_a_style_reference_is_declined_in_a_note():
    reference = StyleReference(source_url="https://example.com/style.png")
    assert "style reference" in draw("a lake", style_reference=reference).notes[0]


def test_nothing_is_noted_about_plain_requests():
    assert draw("a lake").notes == ()
    ENGINE.close()
