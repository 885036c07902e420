"""The kinds of things, and what makes them: constructors, managers, base classes of well-known libraries."""

__all__ = [
    "COMPLEX",
    "CONNECTION",
    "ERROR",
    "FILE",
    "FUNCTION",
    "GIVEN",
    "ITERATOR",
    "LOCK",
    "MADE_BY",
    "MAIL",
    "MANAGER",
    "MANY",
    "MODEL",
    "MODEL_BASES",
    "OBJECT",
    "ONE",
    "PICKLED",
    "QUERYSET",
    "REQUEST",
    "REQUESTS",
    "RESPONSE",
    "RESULT",
    "RESULTS",
    "SET",
    "UPLOADED",
    "VALUES",
]

RESULT = "the result of a task"
MODEL = "a model instance"
QUERYSET = "a queryset"
VALUES = "a queryset of values"
MANAGER = "a manager"
REQUEST = "a request"
FILE = "an open file"
UPLOADED = "uploaded files"
CONNECTION = "a connection"
RESPONSE = "an HTTP response"
ITERATOR = "an iterator"
SET = "a set"
FUNCTION = "a function"
LOCK = "a lock"
MAIL = "a mail"
ERROR = "an exception"
OBJECT = "an object"

#: What kombu's JSON cannot carry, or carries as a stale copy. Dates, UUID and Decimal it can.
COMPLEX = frozenset(
    {MODEL, QUERYSET, VALUES, REQUEST, FILE, CONNECTION, RESPONSE, ITERATOR, SET, FUNCTION, LOCK, MAIL, ERROR, OBJECT}
)

#: What pickle carries whole: values, that no key could stand for.
PICKLED = frozenset({SET, ERROR, OBJECT, MAIL})

MADE_BY = {
    "builtins.open": FILE, "io.open": FILE, "io.BytesIO": FILE, "io.StringIO": FILE,
    "tempfile.NamedTemporaryFile": FILE, "tempfile.TemporaryFile": FILE,
    "tempfile.SpooledTemporaryFile": FILE, "codecs.open": FILE,
    "socket.socket": CONNECTION, "socket.create_connection": CONNECTION,
    "redis.Redis": CONNECTION, "redis.StrictRedis": CONNECTION, "redis.from_url": CONNECTION,
    "redis.Redis.from_url": CONNECTION, "psycopg2.connect": CONNECTION, "psycopg.connect": CONNECTION,
    "sqlite3.connect": CONNECTION, "pymysql.connect": CONNECTION, "MySQLdb.connect": CONNECTION,
    "requests.Session": CONNECTION, "requests.session": CONNECTION, "httpx.Client": CONNECTION,
    "boto3.client": CONNECTION, "boto3.resource": CONNECTION, "smtplib.SMTP": CONNECTION,
    "sqlalchemy.create_engine": CONNECTION, "pymongo.MongoClient": CONNECTION,
    "requests.get": RESPONSE, "requests.post": RESPONSE, "requests.request": RESPONSE,
    "httpx.get": RESPONSE, "httpx.post": RESPONSE, "urllib.request.urlopen": RESPONSE,
    "builtins.map": ITERATOR, "builtins.filter": ITERATOR, "builtins.zip": ITERATOR,
    "builtins.iter": ITERATOR, "builtins.enumerate": ITERATOR, "builtins.reversed": ITERATOR,
    "pathlib.Path": OBJECT,
    "datetime.timedelta": OBJECT,
    "pandas.DataFrame": OBJECT,
    "pandas.read_csv": OBJECT,
    "numpy.array": OBJECT,
    "threading.Thread": OBJECT,
    "django.core.mail.EmailMessage": MAIL, "django.core.mail.EmailMultiAlternatives": MAIL,
    "django.core.mail.message.EmailMessage": MAIL, "django.core.mail.message.EmailMultiAlternatives": MAIL,
    "email.message.EmailMessage": MAIL, "email.mime.text.MIMEText": MAIL,
    "email.mime.multipart.MIMEMultipart": MAIL, "flask_mail.Message": MAIL, "flask_mailman.EmailMessage": MAIL,
    "builtins.set": SET, "builtins.frozenset": SET,
    "threading.Lock": LOCK, "threading.RLock": LOCK, "multiprocessing.Lock": LOCK,
    "django.shortcuts.get_object_or_404": MODEL,
    "celery.AsyncResult": RESULT, "celery.result.GroupResult": RESULT, "celery.result.ResultSet": RESULT,
    "celery.GroupResult": RESULT, "celery.ResultSet": RESULT, "celery.Celery().GroupResult": RESULT,
}  # fmt: skip

#: Of what is annotated so; a request is told apart.
GIVEN = {
    "fastapi.UploadFile": FILE, "starlette.datastructures.UploadFile": FILE,
    "werkzeug.datastructures.FileStorage": FILE, "sqlalchemy.orm.Session": CONNECTION,
    "sqlalchemy.ext.asyncio.AsyncSession": CONNECTION,
}  # fmt: skip
RESULTS = frozenset(name for name, kind in MADE_BY.items() if kind == RESULT)

ONE = {
    "get", "create", "first", "last", "latest", "earliest", "one", "one_or_none", "get_or_404", "first_or_404",
}  # fmt: skip
MANY = {
    "filter", "exclude", "all", "order_by", "select_related", "prefetch_related", "annotate", "distinct",
    "only", "defer", "using", "none", "select_for_update", "reverse", "union", "iterator", "extra",
    "active",
    "filter_by",
    "join",
    "options",
}  # fmt: skip
MODEL_BASES = (
    "django.db.models.Model", "django.contrib.auth.models.AbstractUser",
    "django.contrib.auth.models.AbstractBaseUser", "django.contrib.gis.db.models.Model",
    "mptt.models.MPTTModel", "polymorphic.models.PolymorphicModel", "treebeard.mp_tree.MP_Node",
    "model_utils.models.TimeStampedModel", "sqlalchemy.ext.declarative.declarative_base()",
    "sqlalchemy.orm.declarative_base()", "sqlalchemy.orm.DeclarativeBase",
)  # fmt: skip
REQUESTS = {
    "django.http.HttpRequest", "django.http.request.HttpRequest", "rest_framework.request.Request",
    "fastapi.Request", "starlette.requests.Request", "flask.request", "flask.globals.request", "flask.Request",
    "aiohttp.web.Request", "quart.request", "sanic.Request", "pyramid.request.Request",
}  # fmt: skip
