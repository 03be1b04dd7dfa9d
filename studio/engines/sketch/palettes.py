"""The light of each time of day: several for each, so that seeds differ in mood."""

from dataclasses import dataclass, replace

import numpy as np

from .canvas import LUMA, colour, mixed
from .noise import Field
from .words import Brief


@dataclass(frozen=True, kw_only=True)
class Palette:
    """`sky` runs from the top to the horizon; land runs from `far` to `near`."""

    sky: list[Field]
    far: Field
    near: Field
    mist: Field
    light: Field
    cloud: Field
    shade: Field
    water: Field
    is_dark: bool = False


def _palette(sky: str, *rest: str) -> Palette:
    """`rest` holds far, near, mist, light, cloud, shade and water, in that order."""
    far, near, mist, light, cloud, shade, water = (colour(code) for code in rest)
    return Palette(
        sky=[colour(code) for code in sky.split()],
        far=far,
        near=near,
        mist=mist,
        light=light,
        cloud=cloud,
        shade=shade,
        water=water,
    )


_BY_TIME: dict[str, list[Palette]] = {
    "day": [
        _palette(
            "#2f78c4 #6fb0e2 #b4dcf0 #e9f4ec",
            *("#9fc0d2", "#1f4a46", "#dcecec", "#fff3cf", "#ffffff", "#a9c3dc", "#1d5f86"),
        ),
        _palette(
            "#1f8a9e #63b9bd #b5dfd2 #f6f1d8",
            *("#9cc7be", "#174a4c", "#e4efdd", "#fff2c4", "#fffdf2", "#9fc6cc", "#11606e"),
        ),
        _palette(
            "#4a6fc2 #86a6e6 #c3d3f4 #f7e9e4",
            *("#a6b4dc", "#2c4468", "#e6e4f0", "#fff0d6", "#fffafa", "#a9b4dc", "#2d5592"),
        ),
    ],
    "dawn": [
        _palette(
            "#5d7fb8 #a9a8d4 #f0b9c0 #ffe1c2",
            *("#c3a6c4", "#33405f", "#fbd9cc", "#ffe9b8", "#fff0ea", "#b79cc4", "#5a6c9c"),
        ),
        _palette(
            "#4f8fa8 #9cc0c4 #f2d3b4 #ffe9c6",
            *("#a9b8b8", "#2a4a52", "#fbe4c8", "#fff0c2", "#fff6e8", "#a8b4bc", "#447888"),
        ),
    ],
    "sunset": [
        _palette(
            "#2b2a63 #7a3b7e #e0665f #ff9f57 #ffd58a",
            *("#b5627a", "#1d1633", "#f79a6c", "#ffe6a6", "#ff9d78", "#6d3c78", "#3a2a5c"),
        ),
        _palette(
            "#1f4068 #5f6aa0 #d98b8b #ffb46e #ffe3a3",
            *("#a77f97", "#16263f", "#f8b68c", "#fff0bd", "#ffbf94", "#5c5f92", "#274a72"),
        ),
        _palette(
            "#4a1942 #a02c5a #ec4f4f #ff8c42 #ffc857",
            *("#b4475d", "#240d2b", "#f77f4f", "#ffe29a", "#ff7f5c", "#701f52", "#4b1a48"),
        ),
        _palette(
            "#36518f #8a7fb8 #e9a5b5 #ffc9a0 #fff0c8",
            *("#b295b8", "#2a2b55", "#f7c4b4", "#fff3cd", "#ffd0bd", "#7d76b0", "#48568f"),
        ),
    ],
    "night": [
        _palette(
            "#060a22 #0f1f45 #1f3f6e #45719a",
            *("#2f5078", "#050916", "#375f86", "#f4f0dc", "#5d7fa8", "#1a2f55", "#0b1c3a"),
        ),
        _palette(
            "#0b0726 #221650 #4a2f7c #8a5c9c",
            *("#4a3574", "#090515", "#6b4a8c", "#fdebd8", "#7a5fa6", "#2a1c55", "#160f38"),
        ),
        _palette(
            "#04141f #0a2f3e #175763 #3f8f8c",
            *("#215a64", "#020b10", "#2f7474", "#f2f6dc", "#4a8a8c", "#103844", "#062430"),
        ),
    ],
}
_DEFAULT_TIMES = ("day", "dawn", "sunset", "sunset", "day")


def choose_palette(brief: Brief, rng: np.random.Generator) -> Palette:
    spare_time = _DEFAULT_TIMES[int(rng.integers(len(_DEFAULT_TIMES)))]
    time = brief.time or spare_time
    choices = _BY_TIME[time]
    palette = choices[int(rng.integers(len(choices)))]
    palette = replace(palette, is_dark=time == "night")
    return _under_weather(palette, brief)


def _under_weather(palette: Palette, brief: Brief) -> Palette:
    if "rain" in brief.weathers:
        return _muted(palette, grey=0.55, dim=0.78)
    if "snow" in brief.weathers or "fog" in brief.weathers:
        return _muted(palette, grey=0.30, dim=1.0)
    return palette


def _muted(palette: Palette, *, grey: float, dim: float) -> Palette:
    def mute(paint: Field) -> Field:
        slate = np.array([0.93, 0.99, 1.06], np.float32) * (paint @ LUMA)
        return mixed(paint, slate, grey) * np.float32(dim)

    return replace(
        palette,
        sky=[mute(stop) for stop in palette.sky],
        far=mute(palette.far),
        near=mute(palette.near),
        mist=mute(palette.mist),
        cloud=mute(palette.cloud),
        shade=mute(palette.shade),
        water=mute(palette.water),
    )
