"""What people write about an image, for all of its workspace. It is searched like the prompt."""

from accounts import workspaces
from accounts.models import User
from gallery.models import Image

MAX_CHARACTERS = 2_000


class NoteRefused(Exception):
    """The message is a sentence for people."""


def write(*, image: Image, by: User, text: str) -> None:
    """An empty text removes the note. Raises NotAllowed, NoteRefused."""
    workspaces.check_may_make(by, image.workspace)
    text = text.replace("\0", "").replace("\r\n", "\n").strip()
    if len(text) > MAX_CHARACTERS:
        raise NoteRefused(f"A note has at most {MAX_CHARACTERS:,} characters.")
    image.note = text
    image.save(update_fields=["note", "words"])
