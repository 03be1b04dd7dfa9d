"""What an image was made by, in words: for its page, for a shared page, for its file."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape  # writes XML, and reads none

from gallery import families
from gallery.models import Image
from gallery.templatetags.recipe import seconds

# https://cv.iptc.org/newscodes/digitalsourcetype/
SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
SOURCES = {
    "trainedAlgorithmicMedia": "Made by AI",
    "compositeWithTrainedAlgorithmicMedia": "Edited with AI",
    "algorithmicMedia": "Drawn by a program; not AI",
    "digitalCapture": "Taken by a camera",
    "humanEdits": "Edited by a person",
    "digitalCreation": "Made by a person on a computer",
}
# As Automatic1111 reads it; bounded, since strangers write it
_PAIR = re.compile(r'\s*([\w ()/-]{1,60}):\s*("(?:\\.|[^\\"]){0,500}"|[^,]{0,500})(?:,|$)')
_MAX_PAIRS = 40
_COMPOSITE = "compositeWithTrainedAlgorithmicMedia"
# A segment of a JPEG has room for this, escaped and in two places; prompts are far shorter.
_MAX_WORDS = 3_000
_ENGINES = {"sketch": "Sketch", "stepfun": "StepFun"}
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DESCRIPTION = """
   <dc:description><rdf:Alt><rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt></dc:description>"""
_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
   xmlns:dc="http://purl.org/dc/elements/1.1/"
   xmlns:xmp="http://ns.adobe.com/xap/1.0/"
   xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"{attributes}>{words}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


@dataclass(frozen=True, kw_only=True)
class Line:
    """`name` is unique in its recipe, and fit for the id of an element."""

    name: str
    label: str
    value: str
    is_long: bool = False


def lines(image: Image) -> list[Line]:
    """The prompt first. Of an upload: what can be told of a photo."""
    return list(_lines(image))


def _lines(image: Image) -> Iterator[Line]:
    if image.prompt:
        yield Line(name="prompt", label="Prompt", value=image.prompt, is_long=True)
    if image.negative_prompt:
        yield Line(
            name="negative", label="Negative prompt", value=image.negative_prompt, is_long=True
        )
    if image.seed is not None:
        yield Line(name="seed", label="Seed", value=str(image.seed))
    if image.model:
        yield Line(name="model", label="Model", value=image.model)
    yield Line(name="size", label="Size", value=f"{image.width} × {image.height}")
    if image.steps is not None:
        yield Line(name="steps", label="Steps", value=str(image.steps))
    if image.cfg_scale is not None:
        yield Line(name="guidance", label="Guidance (cfg_scale)", value=f"{image.cfg_scale:g}")
    if image.model:
        yield Line(name="text-mode", label="Text mode", value="On" if image.text_mode else "Off")
    if image.engine:
        yield Line(name="engine", label="Engine", value=engine_name(image))
    if image.engine_ms is not None:
        yield Line(name="time", label="Time taken", value=f"{seconds(image.engine_ms)} s")


def engine_name(image: Image) -> str:
    return _ENGINES.get(image.engine, image.engine)


def parameters(image: Image) -> str:
    """As Automatic1111 writes it and most of the field reads it: the words, then "name: value"."""
    settings = {
        "Steps": image.steps,
        "CFG scale": f"{image.cfg_scale:g}" if image.cfg_scale is not None else None,
        "Seed": image.seed,
        "Size": f"{image.width}x{image.height}",
        "Model": image.model,
        "Text mode": "On" if image.text_mode else None,
        "Engine": engine_name(image),
        "Version": "Easel",
    }
    said = ", ".join(
        f"{name}: {_quoted(str(value))}"
        for name, value in settings.items()
        if value not in {None, ""}
    )
    prompt, negative = image.prompt[:_MAX_WORDS], image.negative_prompt[:_MAX_WORDS]
    return "\n".join(filter(None, (prompt, negative and f"Negative prompt: {negative}", said)))


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if any(each in value for each in ",\n:") else value


def how(image: Image) -> str:
    """One line for those who are told nothing else."""
    if image.is_stand_in:
        return "Drawn by Sketch: a stand-in, not AI"
    return {"upload": "Photo", "edited": "Edited with AI", "generated": "Made by AI"}[image.kind]


def source_type(image: Image) -> str:
    """IPTC's word for how the picture came to be. "" for a photo that somebody brought.

    Sketch draws by rule and is no AI; but what it made of an AI's picture stays that.
    """
    if image.kind == Image.Kind.UPLOAD:
        return ""
    if not image.is_stand_in:
        return _COMPOSITE if image.kind == Image.Kind.EDITED else "trainedAlgorithmicMedia"
    if image.kind == Image.Kind.GENERATED:
        return "algorithmicMedia"
    made = (each for each in families.line(image) if each.kind != Image.Kind.UPLOAD)
    return "algorithmicMedia" if all(each.is_stand_in for each in made) else _COMPOSITE


def xmp(image: Image, *, source: str, with_recipe: bool) -> str:
    """A packet that marks the picture as IPTC wants it, and tells the recipe if it may."""
    told = {
        "Iptc4xmpExt:DigitalSourceType": SOURCE_TYPES + source,
        "xmp:CreatorTool": "Easel",
    }
    words = ""
    if with_recipe:
        told["xmp:CreateDate"] = f"{image.created_at:%Y-%m-%dT%H:%M:%SZ}"
        if not image.is_stand_in:
            told["Iptc4xmpExt:AISystemUsed"] = image.model
            told["Iptc4xmpExt:AIPromptInformation"] = image.prompt[:_MAX_WORDS]
        words = _DESCRIPTION.format(_escaped(image.prompt[:_MAX_WORDS]))
    attributes = "".join(f'\n   {name}="{_escaped(each)}"' for name, each in told.items() if each)
    return _PACKET.format(attributes=attributes, words=words)


def _escaped(text: str) -> str:
    return escape(
        _NO_XML.sub("", text), {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
    )


def parsed(text: str) -> list[Line]:
    """What the "parameters" of a file say, ours or another tool's; all of it if not understood."""
    words, _, last = text.strip().rpartition("\n")
    pairs = _PAIR.findall(last)
    if len(pairs) < 3:
        words, pairs = text.strip(), []
    prompt, _, negative = words.partition("\nNegative prompt:")
    lines = [
        Line(name="prompt", label="Prompt", value=prompt.strip(), is_long=True),
        Line(name="negative", label="Negative prompt", value=negative.strip(), is_long=True),
    ]
    lines += [
        Line(name=f"p{number}", label=label.strip(), value=value.strip().strip('"'))
        for number, (label, value) in enumerate(pairs[:_MAX_PAIRS])
    ]
    return [line for line in lines if line.value]
