from typing import Any

from django import forms

from accounts.models import Membership, Workspace
from gallery import facets, filters
from gallery.filters import Filters
from gallery.models import Collection, Image

KINDS = [
    ("", "Any kind"),
    (Image.Kind.GENERATED, "Generated"),
    (Image.Kind.EDITED, "Edited"),
    (Image.Kind.UPLOAD, "Photos"),
]
SORTS = [("", "Newest first"), ("oldest", "Oldest first")]


class _Day(forms.DateInput):
    input_type = "date"


class FilterForm(forms.Form):
    """What the gallery is asked for, from its address. A wrong field is said, and asks nothing."""

    q = forms.CharField(
        required=False,
        max_length=300,
        label="Search prompts and notes",
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Search prompts and notes"}),
    )
    model = forms.ChoiceField(required=False)
    kind = forms.ChoiceField(required=False, choices=KINDS)
    person = forms.TypedChoiceField(required=False, coerce=int, empty_value=None, label="Made by")
    collection = forms.ModelChoiceField(
        Collection.objects.none(), required=False, empty_label="Any collection"
    )
    since = forms.DateField(required=False, label="From (UTC)", widget=_Day(format="%Y-%m-%d"))
    until = forms.DateField(required=False, label="Until (UTC)", widget=_Day(format="%Y-%m-%d"))
    size = forms.CharField(
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"placeholder": "1024x1024", "autocomplete": "off"}),
    )
    seed = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=2**63 - 1,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    favourite = forms.BooleanField(required=False, label="Favourites only")
    sort = forms.ChoiceField(required=False, choices=SORTS)

    def __init__(self, data: Any, *, workspace: Workspace) -> None:
        super().__init__(data)
        self._choose("model", [("", "Any model")], ((m, m) for m in facets.models(workspace)))
        members = Membership.objects.filter(workspace=workspace).select_related("user")
        people = [(each.user_id, str(each.user)) for each in members.order_by("pk")[:200]]
        self._choose("person", [("", "Anybody")], people)
        rows = Collection.objects.filter(workspace=workspace)
        self.collections = list(rows.order_by("-created_at")[:200])
        field = self.fields["collection"]
        field.queryset = rows  # type: ignore[attr-defined]
        field.choices = [("", "Any collection"), *((c.pk, c.name) for c in self.collections)]  # type: ignore[attr-defined]
        self.has_people = len(people) > 1

    def _choose(self, name: str, empty: list[tuple[str, str]], choices: Any) -> None:
        self.fields[name].choices = [*empty, *choices]  # type: ignore[attr-defined]

    def clean_size(self) -> tuple[int, int] | None:
        text = self.cleaned_data["size"]
        try:
            return filters.size(text) if text else None
        except ValueError as error:
            raise forms.ValidationError("Write a size like 1024x1024.") from error

    def filters(self) -> Filters:
        self.is_valid()
        clean = self.cleaned_data
        return Filters(
            text=clean.get("q", ""),
            model=clean.get("model", ""),
            kind=clean.get("kind", ""),
            person=clean.get("person"),
            since=clean.get("since"),
            until=clean.get("until"),
            size=clean.get("size"),
            seed=clean.get("seed"),
            is_favourite=clean.get("favourite", False),
            collection=clean.get("collection"),
        )

    @property
    def sort_name(self) -> str:
        return str(self.cleaned_data.get("sort", ""))

    def chips(self) -> list[tuple[str, str]]:
        """The name of each filter that is on, and what it says."""
        clean = self.cleaned_data
        said = {
            "q": f"“{clean.get('q', '')}”",
            "model": clean.get("model"),
            "kind": dict(KINDS).get(clean.get("kind", "")),
            "person": dict(self.fields["person"].choices).get(clean.get("person")),  # type: ignore[attr-defined]
            "collection": clean.get("collection"),
            "since": f"From {clean.get('since')}",
            "until": f"Until {clean.get('until')}",
            "size": "{} × {}".format(*(clean.get("size") or ("", ""))),
            "seed": f"Seed {clean.get('seed')}",
            "favourite": "Favourites",
        }
        return [(name, str(text)) for name, text in said.items() if _is_on(clean.get(name))]


def _is_on(value: Any) -> bool:
    return value is not None and value is not False and value != ""
