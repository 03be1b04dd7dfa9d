from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

from accounts import terms
from accounts.middleware import WorkspaceRequest


@require_safe
def text_page(request: HttpRequest, name: str) -> HttpResponse:
    text = terms.texts().get(name)
    if text is None:
        raise Http404
    others = [each for each in terms.texts().values() if each.name != name]
    return render(request, "accounts/text_page.html", {"text": text, "others": others})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def terms_accept(request: WorkspaceRequest) -> HttpResponse:
    """Asks for what is new, and goes on to where the person was."""
    way = request.POST.get("next") or request.GET.get("next") or "/"
    way = way if url_has_allowed_host_and_scheme(way, allowed_hosts=None) else "/"
    if request.method == "POST":
        terms.accept(by=request.user)
    unseen = terms.unseen_by(request.user)
    if not unseen:
        return redirect(way)
    context = {"unseen": unseen, "next": way, "is_first": not request.user.agreed}
    return render(request, "accounts/terms_accept.html", context)
