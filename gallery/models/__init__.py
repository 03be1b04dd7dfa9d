from gallery.models.collections import Collection, CollectionImage, ShareLink
from gallery.models.favourites import Favourite
from gallery.models.image_sets import TRASH_KEEPS
from gallery.models.images import Image
from gallery.models.objects import PendingObject
from gallery.models.reports import Report
from gallery.models.stock import Stock

__all__ = [
    "TRASH_KEEPS",
    "Collection",
    "CollectionImage",
    "Favourite",
    "Image",
    "PendingObject",
    "Report",
    "ShareLink",
    "Stock",
]
