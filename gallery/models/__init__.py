from gallery.models.collections import Collection, CollectionImage, ShareLink
from gallery.models.images import Image
from gallery.models.objects import PendingObject
from gallery.models.stock import Stock

__all__ = ["Collection", "CollectionImage", "Image", "PendingObject", "ShareLink", "Stock"]
