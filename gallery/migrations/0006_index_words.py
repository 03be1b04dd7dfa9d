"""The words of all images that are there already. The index itself is made of them afterwards."""

from django.db import migrations
from django.db.models import F, OuterRef, Subquery

from gallery import words

_AT_ONCE = 1_000


def index(apps, _schema_editor):
    image = apps.get_model("gallery", "Image")
    place = apps.get_model("gallery", "CollectionImage")
    rows = image.objects.exclude(prompt="").only("prompt", "note")
    batch = []
    for each in rows.iterator(_AT_ONCE):
        each.words = words.indexed(each.prompt, each.note)
        batch.append(each)
        if len(batch) == _AT_ONCE:
            image.objects.bulk_update(batch, ["words"])
            batch = []
    image.objects.bulk_update(batch, ["words"])
    created = image.objects.filter(pk=OuterRef("image")).values("created_at")
    place.objects.update(image_created_at=Subquery(created), position=F("position") * 1024)


class Migration(migrations.Migration):
    dependencies = [("gallery", "0005_search_and_filters")]
    operations = [migrations.RunPython(index, migrations.RunPython.noop)]
