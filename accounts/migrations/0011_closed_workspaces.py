from django.db import migrations, models

from accounts.gently import AddIndexGently


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("accounts", "0010_periods"),
    ]
    operations = [
        AddIndexGently(
            model_name="workspace",
            index=models.Index(
                fields=["-id"],
                name="workspace_closed",
                condition=models.Q(("closed_at__isnull", False)),
            ),
        ),
    ]
