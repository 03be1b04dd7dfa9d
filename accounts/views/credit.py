"""A workspace's credit: what is left, topping up, and receipts."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import ledger, payments, registry, workspaces
from accounts.forms.credit import TopUpForm
from accounts.middleware import WorkspaceRequest
from accounts.models import Membership, Payment
from accounts.models.payments import PaymentQuerySet
from accounts.once import MadeAlready

SHOWN = 20
_FRESH = timedelta(seconds=5)


@require_safe
@login_required
def credit_page(request: WorkspaceRequest) -> HttpResponse:
    return _credit(request, TopUpForm(None))


def _credit(request: WorkspaceRequest, form: TopUpForm, *, status: int = 200) -> HttpResponse:
    """Everybody sees what is left and what they may spend; payments are for owners."""
    workspace = request.workspace
    me = Membership.objects.get(user=request.user, workspace=workspace)
    paid = list(_payments(request)[: SHOWN + 1]) if me.may_pay else []
    context = {
        "me": me,
        "wallet": ledger.credit_of(workspace),
        "owed_micros": ledger.owed_micros(workspace),
        "spent_micros": _spent_micros(me),
        "form": form,
        "may_top_up": me.may_pay and payments.are_on(),
        "are_payments_on": payments.are_on(),
        "operators": [address for _, address in settings.ADMINS],
        "owners": workspaces.owners_of(workspace),
        "payments": paid[:SHOWN],
        "older": paid[SHOWN - 1] if len(paid) > SHOWN else None,
    }
    return render(request, "accounts/credit_page.html", context, status=status)


def _payments(request: WorkspaceRequest) -> PaymentQuerySet:
    ours = Payment.objects.in_workspace(request.workspace).worth_showing().newest_first()
    before = request.GET.get("before")
    return ours.filter(pk__lt=_id(before)) if before else ours


def _spent_micros(me: Membership) -> int:
    """This month."""
    found = (spending(me.workspace) for spending in registry.member_spending)
    return sum(each.get(me.user_id, 0) for each in found)


@never_cache
@require_POST
@login_required
def payment_create(request: WorkspaceRequest) -> HttpResponse:
    """Answers with a page that leads on to Stripe's: our policy sends no form to another site."""
    workspaces.check_may_pay(request.user, request.workspace)
    if not payments.are_on():
        raise Http404
    form = TopUpForm(request.POST)
    if not form.is_valid():
        return _credit(request, form, status=422)
    new_id = form.cleaned_data["new_id"]
    try:
        url = payments.open_checkout(
            workspace=request.workspace,
            by=request.user,
            amount_cents=form.amount_cents,
            new_id=new_id,
        )
    except MadeAlready:
        return redirect("accounts:payment_page", new_id)
    except payments.PaymentError as error:
        form.add_error(None, str(error))
        return _credit(request, form, status=422)
    response = render(request, "accounts/payment_open.html", {"url": url})
    response["Refresh"] = f"0; url={url}"
    return response


@never_cache
@require_safe
@login_required
def payment_page(request: WorkspaceRequest, payment_id: UUID) -> HttpResponse:
    """Where Stripe sends the payer back to, and the receipt from then on."""
    visible = Payment.objects.visible_to(request.user)
    payment = get_object_or_404(visible.select_related("workspace", "created_by"), pk=payment_id)
    workspaces.check_may_pay(request.user, payment.workspace)
    if _is_worth_a_look(payment):
        try:
            payments.settle(payment.pk)
        except payments.Away as error:
            messages.info(request, str(error))
        payment.refresh_from_db()
    backs = list(payment.reversals.filter(taken_micros__gt=0).order_by("created_at"))
    context = {
        "payment": payment,
        "backs": backs,
        "kept_micros": payment.paid_micros - sum(each.taken_micros for each in backs),
        "amount": f"{payment.amount_cents / 100:.2f}",
        "site_url": settings.SITE_URL,
    }
    return render(request, "accounts/payment_page.html", context)


def _is_worth_a_look(payment: Payment) -> bool:
    is_open = payment.state in (Payment.State.OPEN, Payment.State.PROCESSING)
    is_fresh = payment.checked_at and timezone.now() - payment.checked_at < _FRESH
    return bool(payments.are_on() and is_open and payment.session_id and not is_fresh)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error
