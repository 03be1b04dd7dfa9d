"""The picture that is being worked on, and its chain: the way that led to it and led on from it."""

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from gallery import families, recipes
from gallery.composition import usual_feather
from gallery.models import Image

# What a region is chosen with: its icon, its name, its key; and what a rectangle is told by
TOOLS = (("brush", "Brush", "P"), ("eraser", "Eraser", "E"), ("rectangle", "Rectangle", "R"))
NUMBERS = (("left", "Left"), ("top", "Top"), ("width", "Width"), ("height", "Height"))


@dataclass(frozen=True, kw_only=True)
class Step:
    """`beside` are the other branches: what else was made of the same picture, oldest first."""

    image: Image
    beside: list[Image]
    is_here: bool


@dataclass(frozen=True, kw_only=True)
class Bench:
    """`before` is the picture that this one was edited from."""

    image: Image
    steps: list[Step]
    before: Image | None

    @property
    def feather(self) -> int:
        return usual_feather(self.image.width, self.image.height)

    @property
    def can_be_made_again(self) -> bool:
        """From words alone, or from a picture that is still there."""
        is_from_words = self.image.kind == Image.Kind.GENERATED and not self.image.parent_id
        return is_from_words or self.before is not None

    @property
    def settings(self) -> str:
        """Its recipe as lines of text."""
        return "\n".join(f"{line.label}: {line.value}" for line in recipes.lines(self.image))


def of(image: Image) -> Bench:
    """The chain goes on from the image to what was made of it last. Five queries, bounded."""
    children: dict[UUID | None, list[Image]] = defaultdict(list)
    for step in families.tree(image).steps:
        children[step.image.parent_id].append(step.image)
    way = [image]
    if image.parent_id:
        way = families.chain(image)
    before = next((each for each in way if each.pk == image.parent_id), None)
    while children[way[-1].pk]:
        way.append(max(children[way[-1].pk], key=lambda each: (each.created_at, each.pk)))
    return Bench(
        image=image,
        steps=[_step(each, children, is_here=each == image) for each in way],
        before=before,
    )


def _step(image: Image, children: dict[UUID | None, list[Image]], *, is_here: bool) -> Step:
    beside = children[image.parent_id] if image.parent_id else []
    return Step(image=image, beside=[each for each in beside if each != image], is_here=is_here)
