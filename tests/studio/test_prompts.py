"""The prompts that a person used: kept for them alone, bounded, starred and forgotten."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User, Workspace
from studio import prompts
from studio.models import Prompt
from studio.prompts import TooManyStars

pytestmark = pytest.mark.django_db
LIST = reverse("studio:prompt_list")
HTMX = {"HX-Request": "true"}


def texts(ada: User, workspace: Workspace) -> list[str]:
    return [each.text for each in prompts.recent(by=ada, workspace=workspace)]


def remember(ada: User, workspace: Workspace, *words: str) -> None:
    for text in words:
        prompts.remember(by=ada, workspace=workspace, text=text)


def test_the_same_words_are_one_and_come_first(ada: User, workspace: Workspace) -> None:
    remember(ada, workspace, "a lake", "the sea", "a lake")
    assert texts(ada, workspace) == ["a lake", "the sea"]


def test_the_oldest_go_but_those_with_a_star(
    ada: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompts, "KEPT", 3)
    remember(ada, workspace, "kept")
    prompts.star(by=ada, prompt=Prompt.objects.get(), is_on=True)
    remember(ada, workspace, "gone", "1", "2", "3")
    assert texts(ada, workspace) == ["3", "2", "1", "kept"]


def test_stars_are_bounded(
    ada: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompts, "STARRED", 1)
    remember(ada, workspace, "a lake", "the sea")
    sea, lake = prompts.recent(by=ada, workspace=workspace)
    prompts.star(by=ada, prompt=sea, is_on=True)
    with pytest.raises(TooManyStars, match="1 prompts are starred already"):
        prompts.star(by=ada, prompt=lake, is_on=True)
    prompts.star(by=ada, prompt=sea, is_on=True)


def test_an_order_of_the_page_is_remembered(
    as_ada: Client, ada: User, workspace: Workspace
) -> None:
    as_ada.post(reverse("studio:job_create"), {"prompt": "a lake\r\nat dawn"}, headers=HTMX)
    assert texts(ada, workspace) == ["a lake\nat dawn"]


def test_what_is_refused_is_not(as_ada: Client, ada: User, workspace: Workspace) -> None:
    as_ada.post(reverse("studio:job_create"), {"prompt": "x" * 600}, headers=HTMX)
    assert texts(ada, workspace) == []


def test_the_panel_and_the_page(as_ada: Client, ada: User, workspace: Workspace) -> None:
    remember(ada, workspace, "<b>a lake</b>")
    panel = as_ada.get(LIST, headers=HTMX)
    assert panel["X-Easel"] == "fragment"
    page = as_ada.get(LIST).content.decode()
    for html in (panel.content.decode(), page):
        assert "&lt;b&gt;a lake&lt;/b&gt;" in html
        assert "<b>" not in html
        assert "Speech bubble" in html
    assert "<title>" in page
    assert "<title>" not in panel.content.decode()


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain"])
def test_starring_and_forgetting(
    as_ada: Client, ada: User, workspace: Workspace, headers: dict[str, str]
) -> None:
    remember(ada, workspace, "a lake", "the sea")
    sea, lake = prompts.recent(by=ada, workspace=workspace)
    star = reverse("studio:prompt_star", args=[lake.pk])
    assert as_ada.post(star, {"on": "on"}, headers=headers).status_code == (200 if headers else 302)
    lake.refresh_from_db()
    assert lake.starred_at
    as_ada.post(reverse("studio:prompt_forget_all"), headers=headers)
    assert texts(ada, workspace) == ["a lake"]
    as_ada.post(star, headers=headers)
    as_ada.post(reverse("studio:prompt_forget", args=[lake.pk]), headers=headers)
    assert texts(ada, workspace) == []
    forget = reverse("studio:prompt_forget", args=[sea.pk])
    assert as_ada.post(forget, headers=headers).status_code == 404


def test_nobody_else_sees_them(client: Client, ada: User, ben: User, workspace: Workspace) -> None:
    remember(ada, workspace, "a secret lake")
    client.force_login(ben)
    session = client.session
    session["workspace"] = str(workspace.pk)
    session.save()
    assert "a secret lake" not in client.get(LIST, headers=HTMX).content.decode()
    prompt = Prompt.objects.get()
    assert client.post(reverse("studio:prompt_star", args=[prompt.pk])).status_code == 404
