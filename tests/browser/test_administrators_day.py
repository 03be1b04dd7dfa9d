"""An administrator's day, from beginning to end, beside a person who waits for a picture.

Other stories share the product: whose and which things are is found by names that nobody else has,
and what counts for all is put back, however this ends.
"""

import csv
import secrets
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.test_main_job import sign_up
from tests.product import Product

WITH_OPERATOR = """
from accounts.models import User
from allauth.account.models import EmailAddress
user = User.objects.create_superuser("{email}", "correct horse battery")
EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
"""
# Put off in the transaction that submits it, so that no worker is quicker
PUT_OFF = """
from datetime import timedelta
from django.utils import timezone
from accounts.models import User
from studio.jobs import submit as submitting
from studio.models import Job
from tests.studio.makers import submit
insert = submitting.__globals__["statements"].insert
def later(jobs):
    for job in jobs:
        if isinstance(job, Job):
            job.not_before, job.trace_id = timezone.now() + timedelta(hours=1), "{trace}"
    insert(jobs)
submitting.__globals__["statements"].insert = later
dan = User.objects.get(email="{email}")
submit(dan, dan.personal_workspace, prompt="a boat that never comes")
"""


def sign_in(page: Page, product: Product) -> str:
    """The address of an administrator of one's own."""
    email = f"olga-{secrets.token_hex(4)}@example.com"
    product.manage("shell", "--no-imports", "-c", WITH_OPERATOR.format(email=email))
    page.goto("/admin/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_role("button", name="Sign in", exact=True).click()
    return email


def find(page: Page, address: str, words: str) -> None:
    """The one row that a list of the admin finds."""
    page.goto(f"/admin/{address}/")
    page.get_by_role("textbox", name="Search").fill(words)
    page.get_by_role("button", name="Search").click()
    rows = page.locator("#result_list tbody tr")
    expect(rows).to_have_count(1)
    rows.locator("th a").click()


def waiting_job(product: Product, email: str) -> str:
    """One of Dan's that the service put off for an hour: its trace id, which no other job has."""
    trace = f"tr-{secrets.token_hex(6)}"
    product.manage("shell", "--no-imports", "-c", PUT_OFF.format(email=email, trace=trace))
    return trace


def test_from_the_morning_to_the_evening(open_page: OpenPage, product: Product) -> None:
    person = open_page(1440)
    email = sign_up(person, "dan")
    trace = waiting_job(product, email)
    admin = open_page(1440)

    # The first look: everything is alive, and one job waits
    operator = sign_in(admin, product)
    health = admin.get_by_role("region", name="Health")
    expect(health).to_contain_text("beats")
    expect(health).to_contain_text("sketch")

    # A person asks about a trace id: the job is found, and cancelled
    find(admin, "studio/job", trace)
    expect(admin.locator("#content")).to_contain_text("a boat that never comes")
    admin.get_by_role("button", name="Cancel").click()
    expect(admin.locator(".messagelist")).to_contain_text("Its hold is given back")
    person.goto("/")
    expect(person.locator("#jobs")).to_contain_text("Cancelled by who runs this Easel")

    # They get a dollar for it, with a reason
    find(admin, "accounts/workspace", email)
    admin.get_by_role("link", name="Give or take credit").click()
    admin.get_by_label("Dollars").fill("1")
    admin.get_by_label("Reason").fill("a boat that never came")
    admin.get_by_role("button", name="Move it").click()
    expect(admin.locator(".messagelist")).to_contain_text("$1.00 given")
    expect(admin.get_by_role("region", name="Money")).to_contain_text("a boat that never came")
    person.reload()
    expect(person.get_by_role("banner")).to_contain_text("$1.15")

    # A model goes off, with a note that people read; and on again
    be_without_a_model(admin, person)

    # They get a smaller plan than others, and see what it leaves them
    plan = f"careful {trace}"
    make_a_plan(admin, plan, pictures_a_day=40)
    find(admin, "accounts/workspace", email)
    admin.get_by_label("Plan:", exact=True).select_option(label=plan)
    save(admin)
    person.get_by_role("button", name="Workspace").click()
    person.get_by_role("link", name="People of").click()
    expect(person.get_by_role("region", name="Limits")).to_contain_text("0 of 40")

    # The jobs of that trace, for a spreadsheet
    admin.goto(f"/admin/studio/job/?q={trace}")
    with admin.expect_download() as download:
        admin.get_by_role("link", name="Export as CSV").click()
    (row,) = csv.DictReader(Path(download.value.path()).read_text().splitlines())
    assert (row["trace_id"], row["state"]) == (trace, "cancelled")

    # Somebody has to go
    find(admin, "accounts/user", email)
    admin.get_by_role("button", name="Suspend").click()
    expect(admin.locator(".messagelist")).to_contain_text("is suspended")
    person.goto("/gallery/")
    expect(person.get_by_role("button", name="Sign in", exact=True)).to_be_visible()

    # In the evening: who did all that?
    admin.goto("/admin/admin/logentry/")
    log = admin.locator("#result_list")
    for words in ("is suspended", "Changed", "$1.00 given: a boat that never came", "Cancelled."):
        expect(log).to_contain_text(words)
    expect(log).to_contain_text(operator)
    assert admin.evaluate("document.body.scrollWidth <= innerWidth"), "nothing is cut off"


def make_a_plan(admin: Page, name: str, *, pictures_a_day: int) -> None:
    admin.goto("/admin/accounts/plan/add/")
    admin.get_by_label("Name").fill(name)
    admin.get_by_label("Images per day").fill(str(pictures_a_day))
    save(admin)


def be_without_a_model(admin: Page, person: Page) -> None:
    try:
        switch_model(admin, is_on=False, note="Back on Monday.")
        person.reload()
        expect(person.get_by_role("main")).to_contain_text("Back on Monday.")
    finally:
        switch_model(admin, is_on=True, note="")


def switch_model(admin: Page, *, is_on: bool, note: str) -> None:
    admin.goto("/admin/studio/offer/step-2x-large/change/")
    admin.get_by_label("Is on").set_checked(is_on)
    admin.get_by_label("Note").fill(note)
    save(admin)


def save(admin: Page) -> None:
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.locator(".messagelist")).to_contain_text("successfully")
