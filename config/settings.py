"""Settings of Easel, from the environment. Defaults are those of production.

docs/configuration.md describes every variable; a test compares the two.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF

from config import environment, logs
from studio.engines.dialects import DIALECTS

BASE_DIR = Path(__file__).resolve().parent.parent
environment.read_file(BASE_DIR / ".env")

# Where everything lives
DATA_DIR = environment.made_folder("DATA_DIR", BASE_DIR / "var")
environment.read_file(DATA_DIR / ".env")
SITE_URL = environment.origin("SITE_URL", "https://localhost")
_site = urlsplit(SITE_URL)
_is_https = _site.scheme == "https"

# Core
SECRET_KEY = environment.kept_secret("SECRET_KEY", DATA_DIR / "secret_key")
SECRET_KEY_FALLBACKS = environment.names("SECRET_KEY_FALLBACKS")
DEBUG = environment.flag("DEBUG")
ALLOWED_HOSTS = environment.names("ALLOWED_HOSTS") or [_site.hostname or "localhost"]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False

INSTALLED_APPS = [
    "studio",
    "gallery",
    "accounts",
    "config.apps.ConfigConfig",
    "config.apps.StaffConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "django_q",
    "rest_framework",
]

MIDDLEWARE = [
    "config.health.HealthMiddleware",
    "studio.api.middleware.ApiMiddleware",
    "csp.middleware.CSPMiddleware",  # above all that may refuse with a page
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.limits.BodyLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.WorkspaceMiddleware",
    "accounts.sessions.SessionMiddleware",
    "accounts.middleware.TermsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "config.context.shell",
            ],
        },
    }
]
FORM_RENDERER = "config.forms.Renderer"

# Database, cache
DATABASES = {
    "default": environment.database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'easel.sqlite3'}")
}
REDIS_URL = environment.address("REDIS_URL", schemes=("rediss", "redis"))
CACHES = {
    "default": environment.cache(REDIS_URL),
    "nowhere": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
}

# Storage: one private place for the pictures, one for the files of the pages
S3_BUCKET = environment.text("S3_BUCKET")
S3_PUBLIC_ENDPOINT_URL = environment.origin("S3_PUBLIC_ENDPOINT_URL") if S3_BUCKET else ""
_files = environment.file_storage(DATA_DIR / "media")
_bucket = S3_BUCKET and environment.s3_storage(
    S3_BUCKET, environment.address("S3_ENDPOINT_URL"), S3_PUBLIC_ENDPOINT_URL
)
STORAGES = {
    "default": _bucket or _files,
    "files": _files,  # both by name, for manage.py move_storage
    **({"bucket": _bucket} if _bucket else {}),
    "staticfiles": {"BACKEND": "config.staticfiles.StaticFilesStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
DRAWN_DIR = DATA_DIR / "drawn"  # by manage.py starters
STATICFILES_DIRS = [*filter(Path.is_dir, [DRAWN_DIR]), BASE_DIR / "static"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 24 * 1024 * 1024
# A photo may come as base64 in a form's text; config.limits has bounded every body by then.
DATA_UPLOAD_MAX_MEMORY_SIZE = 28 * 1024 * 1024

# The API for programs
API_RATE = environment.number("API_RATE", default=1_200, minimum=1)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["studio.api.authentication.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["studio.api.authentication.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["studio.api.throttles.KeyThrottle"],
    "DEFAULT_PARSER_CLASSES": ["studio.api.parsers.StrictJsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["studio.api.negotiation.JsonRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "studio.api.negotiation.OnlyJson",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "studio.api.errors.handle",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Easel",
    "DESCRIPTION": "Make and edit images. The SDKs of OpenAI speak it unchanged.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/v1",
}

# Engines and jobs
STEP_API_KEY = environment.key("STEP_API_KEY")
STEP_API_BASE = environment.address("STEP_API_BASE", "https://api.stepfun.ai/v1")
OPENAI_API_KEY = environment.key("OPENAI_API_KEY")
OPENAI_API_BASE = environment.address("OPENAI_API_BASE")
OPENAI_API_DIALECT = environment.choice("OPENAI_API_DIALECT", default="openai", among=DIALECTS)
ENGINE = environment.choice(
    "ENGINE",
    default="stepfun" if STEP_API_KEY else "sketch",
    among=("sketch", "stepfun", "openai"),
    needs={"stepfun": "STEP_API_KEY", "openai": "OPENAI_API_BASE"},
)
ENGINE_CONCURRENCY = environment.number("ENGINE_CONCURRENCY", default=64, minimum=1)
ENGINE_DEADLINE_SECONDS = environment.number("ENGINE_DEADLINE_SECONDS", default=60, minimum=1)
JOB_DEADLINE_SECONDS = environment.number("JOB_DEADLINE_SECONDS", default=120, minimum=1)
WORKER_CONCURRENCY = environment.number("WORKER_CONCURRENCY", default=64, minimum=1, maximum=1024)
WORKER_PROCESSES = min(2, os.cpu_count() or 1, WORKER_CONCURRENCY)
UPSTREAM_LOW_BALANCE = environment.number("UPSTREAM_LOW_BALANCE", default=5)
JOB_KEEP_DAYS = environment.number("JOB_KEEP_DAYS", default=90, minimum=32, maximum=36_500)
MODELS_FILE = environment.text("MODELS_FILE")
SIGNUP_CREDIT_MICROS = environment.number("SIGNUP_CREDIT_MICROS", default=150_000)
LOW_CREDIT_MICROS = environment.number("LOW_CREDIT_MICROS", default=60_000)

# Money in
STRIPE_SECRET_KEY = environment.key("STRIPE_SECRET_KEY")
STRIPE_WEBHOOK_SECRET = environment.key("STRIPE_WEBHOOK_SECRET")
STRIPE_API_BASE = environment.address("STRIPE_API_BASE", "https://api.stripe.com")
environment.check_stripe(STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET)

# Content Credentials: what downloads are signed with; config.apps looks whether they fit
C2PA_CERTIFICATE = environment.pem("C2PA_CERTIFICATE")
C2PA_PRIVATE_KEY = environment.pem("C2PA_PRIVATE_KEY")

# Webhooks
WEBHOOK_PRIVATE_HOSTS = [each.lower() for each in environment.names("WEBHOOK_PRIVATE_HOSTS")]

# The queue. docs/decisions/0003 says why each of these is as it is.
BROKER = environment.choice("BROKER", default="database", among=("database", "redis"))
if BROKER == "redis" and not REDIS_URL:
    environment.stop("REDIS_URL", "is not set, and BROKER=redis needs it")
Q_CLUSTER = {
    "name": "easel",
    **({"redis": REDIS_URL} if BROKER == "redis" else {"orm": "default"}),
    "cache": "nowhere",
    "workers": WORKER_PROCESSES,
    "daemonize_workers": True,
    "recycle": 1_000_000_000,
    "timeout": 60,
    "retry": 120,
    "max_attempts": 1,
    "ack_failures": True,
    "queue_limit": 4,
    "bulk": 1,
    "poll": 0.5,
    "guard_cycle": 0.5,
    "save_limit": -1,
    "scheduler": False,
    "label": "Queue",
}

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}Validator"}
    for name in ("UserAttributeSimilarity", "MinimumLength", "CommonPassword")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Easel"
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _is_https  # browsers take it from localhost alone

TERMS_DIR = environment.folder("TERMS_DIR", BASE_DIR / "accounts" / "texts")

# Mail. Without EMAIL_URL letters are printed, so an address cannot be proved by one.
EMAIL_URL = environment.text("EMAIL_URL")
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if EMAIL_URL else "optional"
globals().update(environment.parsed("EMAIL_URL", "email_url", "consolemail://"))
EMAIL_TIMEOUT = 10  # a server that hangs must not hold the thread of a page
DEFAULT_FROM_EMAIL = SERVER_EMAIL = environment.text(
    "EMAIL_FROM", f"Easel <easel@{_site.hostname}>"
)
ADMINS = [("Operator", mail) for mail in environment.names("OPERATOR_EMAIL")]

# Security
METRICS_TOKEN = environment.key("METRICS_TOKEN")
STAFF_MFA = environment.flag("STAFF_MFA")
TRUSTED_PROXY_COUNT = environment.number("TRUSTED_PROXY_COUNT", default=0, maximum=9)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _is_https
SECURE_HSTS_SECONDS = 31_536_000 if _is_https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = environment.flag("HSTS_SUBDOMAINS")
SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # e-mails are unique without regard to case
    "security.W005",  # who runs Easel decides on other hosts of the domain: HSTS_SUBDOMAINS
    "security.W021",  # browsers' lists of preloaded names are for a whole domain, and for years
]
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_NAME = "easel_session"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:", *filter(None, [S3_PUBLIC_ENDPOINT_URL])],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

LOGGING = logs.settings(environment.choice("LOG_FORMAT", default="line", among=("line", "json")))
