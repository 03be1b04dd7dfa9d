from gallery.models.collections import Collection, CollectionImage, ShareLink
from gallery.models.images import Image
from gallery.models.objects import PendingObject

__all__ = ["Collection", "CollectionImage", "Image", "PendingObject", "ShareLink"]
