"""Fields by the quick templates say what Django's usual ones say."""

import pytest
from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django.forms.renderers import DjangoTemplates
from django.test.html import parse_html

from accounts.models import Workspace
from config.forms import Renderer
from gallery.forms import FilterForm

HOSTILE = "\"><script>alert('x')</script> & {{ 1 }} {% now %}"


class AnyForm(forms.Form):
    words = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), help_text="Some & more")
    picture = forms.FileField(required=False)
    kinds = forms.MultipleChoiceField(
        choices=[("a", HOSTILE), ("Group", [("b", "B"), ("c", "C")])],
        widget=forms.CheckboxSelectMultiple,
    )
    one = forms.ChoiceField(choices=[("", "None"), ("1", HOSTILE)], widget=forms.RadioSelect)
    number = forms.IntegerField(min_value=0, max_value=9, initial=1234567)
    is_on = forms.NullBooleanField()


def by(renderer: object, form: forms.Form) -> list[object]:
    form.renderer = renderer  # type: ignore[assignment]
    each = [str(form[name]) + str(form[name].errors) for name in form.fields]
    return [parse_html(html) for html in [*each, str(form)]]


@pytest.mark.django_db
def test_the_gallerys_filters(workspace: Workspace) -> None:
    asked = {"q": HOSTILE, "kind": "edited", "size": HOSTILE, "seed": "no", "favourite": "on"}
    quick, usual = (FilterForm(asked, workspace=workspace) for _ in range(2))
    assert by(Renderer(), quick) == by(DjangoTemplates(), usual)


def test_fields_of_every_kind() -> None:
    asked = {"words": HOSTILE, "kinds": ["a", "c"], "one": "2", "number": HOSTILE}
    for values in (None, asked):
        assert by(Renderer(), AnyForm(values)) == by(DjangoTemplates(), AnyForm(values))


def test_one_that_has_no_quick_template() -> None:
    html = AdminSplitDateTime().render("moment", None, renderer=Renderer())
    assert "vDateField" in html
