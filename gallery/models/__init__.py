from gallery.models.collections import Collection, CollectionImage, ShareLink
from gallery.models.images import TRASH_KEEPS, Image
from gallery.models.objects import PendingObject
from gallery.models.stock import Stock

__all__ = [
    "TRASH_KEEPS",
    "Collection",
    "CollectionImage",
    "Image",
    "PendingObject",
    "ShareLink",
    "Stock",
]
