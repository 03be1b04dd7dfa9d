from functools import cached_property
from typing import Any

from django import forms
from django.utils.choices import CallableChoiceIterator

from accounts.forms.fields import DayField
from accounts.models import Workspace
from gallery import facets, filters
from gallery.filters import Filters
from gallery.models import Collection, Image

KINDS = [
    ("", "Any kind"),
    (Image.Kind.GENERATED, "Generated"),
    (Image.Kind.EDITED, "Edited"),
    (Image.Kind.UPLOAD, "Photos"),
]
SORTS = [("", "Usual order"), ("newest", "Newest first"), ("oldest", "Oldest first")]


class FilterForm(forms.Form):
    """What the gallery is asked for, from its address or by a program.

    A wrong field is said, and asks nothing. What there is to choose from is looked up when it is
    first wanted: for showing the form, or for checking a choice.
    """

    q = forms.CharField(
        required=False,
        max_length=300,
        label="Search prompts and notes",
        # Else "back" would leave the words that were typed last beside what others found
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "placeholder": "Search prompts and notes",
                "autocomplete": "off",
            }
        ),
    )
    model = forms.CharField(required=False, max_length=60, widget=forms.Select)
    kind = forms.ChoiceField(required=False, choices=KINDS)
    person = forms.TypedChoiceField(required=False, coerce=int, empty_value=None, label="Made by")
    collection = forms.ModelChoiceField(
        Collection.objects.none(), required=False, empty_label="Any collection"
    )
    since = DayField(required=False, label="From (UTC)")
    until = DayField(required=False, label="Until (UTC)")
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
        self._workspace = workspace
        models = CallableChoiceIterator(lambda: self._models)
        self.fields["model"].widget.choices = models
        self.fields["person"].choices = lambda: self._people  # type: ignore[attr-defined]
        field = self.fields["collection"]
        field.queryset = Collection.objects.filter(workspace=workspace)  # type: ignore[attr-defined]
        field.choices = lambda: self._collections  # type: ignore[attr-defined]

    @cached_property
    def _models(self) -> list[tuple[str, str]]:
        return [("", "Any model"), *((each, each) for each in facets.models(self._workspace))]

    @cached_property
    def _people(self) -> list[tuple[Any, str]]:
        return [("", "Anybody"), *((u.pk, str(u)) for u in facets.people(self._workspace))]

    @cached_property
    def collections(self) -> list[Collection]:
        return facets.collections(self._workspace)

    @cached_property
    def _collections(self) -> list[tuple[Any, str]]:
        return [("", "Any collection"), *((c.pk, c.name) for c in self.collections)]

    @property
    def has_people(self) -> bool:
        return len(self._people) > 2

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
            "person": dict(self._people).get(clean.get("person")),
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
