"""What workspaces have in the gallery: for exports, and for the end of an account."""

from collections.abc import Iterator
from typing import Any

from accounts import registry
from accounts.belongings import removed
from accounts.models import User, Workspace
from accounts.registry import Belonging, ExportFile
from accounts.zips import in_pages, json_file
from gallery import archive, downloads, favourites, images, trash
from gallery.models import Collection, Favourite, Image, Report, ShareLink, Stock


def register() -> None:
    registry.belongings += [
        Belonging(models=["gallery.Favourite"], of_person=_favourites, forget=favourites.forget),
        Belonging(models=["gallery.Stock"], erase=_erase_stock),
        Belonging(models=["gallery.Image"], of_workspace=_pictures, erase=_erase_pictures),
        Belonging(
            models=["gallery.Collection", "gallery.CollectionImage"],
            of_workspace=_collections,
            erase=lambda workspace: removed(Collection.objects.filter(workspace=workspace)),
        ),
        Belonging(
            models=["gallery.Report"],
            erase=lambda workspace: removed(Report.objects.filter(workspace=workspace)),
        ),
        Belonging(
            models=["gallery.ShareLink"],
            of_workspace=_links,
            erase=lambda workspace: removed(ShareLink.objects.filter(workspace=workspace)),
        ),
    ]


def _favourites(user: User) -> Iterator[ExportFile]:
    rows = in_pages(Favourite.objects.filter(user=user))
    yield json_file("favourites.json", ({"image": each.image_id} for each in rows))


def _pictures(workspace: Workspace) -> Iterator[ExportFile]:
    """Those in the trash too. One whose bytes are gone is said to be missing."""
    rows, missing = Image.objects.filter(workspace=workspace), set()
    for image in in_pages(rows):
        try:
            yield archive.picture(_name(image), image)
        except FileNotFoundError:
            missing.add(image.pk)
    yield json_file(
        "recipes.json",
        (_said_of(each, None if each.pk in missing else _name(each)) for each in in_pages(rows)),
    )


def _name(image: Image) -> str:
    name = downloads.name(image, image.content_type)
    return f"pictures/{image.created_at:%Y-%m}/{name}"


def _said_of(image: Image, name: str | None) -> dict[str, Any]:
    return {**archive.said_of(image, name), "in_trash_since": image.deleted_at}


def _collections(workspace: Workspace) -> Iterator[ExportFile]:
    rows = in_pages(Collection.objects.filter(workspace=workspace))
    yield json_file(
        "collections.json",
        (
            {
                "name": each.name,
                "created": each.created_at,
                "images": list(
                    each.places.order_by("position", "pk").values_list("image", flat=True)
                ),
            }
            for each in rows
        ),
    )


def _links(workspace: Workspace) -> Iterator[ExportFile]:
    rows = in_pages(ShareLink.objects.filter(workspace=workspace))
    yield json_file(
        "links.json",
        (
            {
                "image": each.image_id,
                "collection": each.collection_id,
                "created": each.created_at,
                "expires": each.expires_at,
                "revoked": each.revoked_at,
                "has_password": bool(each.password_hash),
                "opened": each.view_count,
            }
            for each in rows
        ),
    )


def _erase_pictures(workspace: Workspace) -> bool:
    rows = Image.objects.filter(workspace=workspace)
    images.discard(trash.remove(rows.order_by("pk")))
    return not rows.exists()


def _erase_stock(workspace: Workspace) -> bool:
    Stock.objects.filter(workspace=workspace).delete()
    return True
