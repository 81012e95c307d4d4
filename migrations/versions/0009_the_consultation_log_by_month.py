"""The consultation log in partitions by month, only ever added to, with its seals and how far it was exported.

Rows move to their partitions: 12 seconds per million on two shared cores, during which nothing is shown.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None
works_with = "0006"

_COLUMNS = (
    "id, at, trace_id, consumer, application, organisation, department, official, activity, occasion, rules_version, operation, outcome, "
    "relation_ids, levels, records"
)
_TEXTS = _COLUMNS.split(", ")[2:13]

# Makes the partitions of the months from `since` (or now) to `ahead` months from now that are not there yet, and moves what is in
# consultation_log_other to where it belongs: by taking that apart as a whole, so that nothing is ever deleted from the log. Returns how many
# it made. Runs as its owner, so that who may only add to the log can have them made.
_MAKE = """
CREATE FUNCTION make_log_partitions(ahead integer, since date DEFAULT NULL) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET lock_timeout = '5s' SET enable_seqscan = 'on' AS $$
DECLARE
    months date[]; month date; name text; made integer := 0; astray boolean; taken_apart boolean := false;
    first date := date_trunc('month', coalesce(since, now()));
    last date := date_trunc('month', now()) + make_interval(months => ahead);
BEGIN
    IF ahead NOT BETWEEN 0 AND 60 OR first < '2000-01-01' THEN
        RAISE EXCEPTION 'partitions are made from the year 2000 to 60 months ahead';
    END IF;
    PERFORM pg_advisory_xact_lock(7264002);
    SELECT EXISTS (SELECT FROM public.consultation_log_other o WHERE o.at >= '2000-01-01' AND o.at < last + interval '1 month') INTO astray;
    IF astray THEN
        ALTER TABLE public.consultation_log DETACH PARTITION public.consultation_log_other;
        ALTER TABLE public.consultation_log_other RENAME TO consultation_log_apart;
        CREATE TABLE public.consultation_log_other PARTITION OF public.consultation_log DEFAULT;
        CREATE TRIGGER consultation_log_stays BEFORE TRUNCATE ON public.consultation_log_other FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_log_change();
        ALTER TABLE public.consultation_log_other ENABLE ALWAYS TRIGGER consultation_log_stays;
        taken_apart := true;
    END IF;
    months := ARRAY(SELECT generate_series(first, last, interval '1 month')::date);
    IF taken_apart THEN
        EXECUTE 'SELECT $1 || array_agg(DISTINCT date_trunc(''month'', at)::date) FROM public.consultation_log_apart WHERE at >= ''2000-01-01'' AND at < $2'
            INTO months USING months, last + interval '1 month';
    END IF;
    FOR month IN SELECT DISTINCT unnest(months) ORDER BY 1 LOOP
        name := 'consultation_log_' || to_char(month, '"y"YYYY"m"MM');
        CONTINUE WHEN to_regclass('public.' || name) IS NOT NULL;
        -- Attached, and not made in place: that would wait for whoever reads, and all looks would wait behind it.
        EXECUTE format('CREATE TABLE public.%I (LIKE public.consultation_log INCLUDING DEFAULTS)', name);
        EXECUTE format('ALTER TABLE public.consultation_log ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)', name, month::timestamptz, (month + interval '1 month')::timestamptz);
        EXECUTE format('CREATE TRIGGER consultation_log_stays BEFORE TRUNCATE ON public.%I FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_log_change()', name);
        EXECUTE format('ALTER TABLE public.%I ENABLE ALWAYS TRIGGER consultation_log_stays', name);
        made := made + 1;
    END LOOP;
    IF taken_apart THEN
        EXECUTE 'INSERT INTO public.consultation_log SELECT * FROM public.consultation_log_apart';
        EXECUTE 'DROP TABLE public.consultation_log_apart';
    END IF;
    RETURN made;
END $$
"""

_ASTRAY = """
CREATE FUNCTION log_rows_astray() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM public.consultation_log_other WHERE at >= '2000-01-01')
$$
"""

_REFUSE = """
CREATE FUNCTION refuse_log_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the consultation log is only ever added to' USING ERRCODE = 'insufficient_privilege';
END $$
"""


def upgrade() -> None:
    op.execute(_REFUSE)
    op.execute("ALTER TABLE consultation_log RENAME TO consultation_log_before")
    op.execute("ALTER INDEX consultation_log_pkey RENAME TO consultation_log_before_pkey")
    op.execute("ALTER INDEX consultation_log_relation_idx RENAME TO consultation_log_before_relation_idx")
    op.execute("ALTER SEQUENCE consultation_log_id_seq RENAME TO consultation_log_before_id_seq")
    _log()
    _seals()
    op.execute(_MAKE)
    op.execute("REVOKE ALL ON FUNCTION make_log_partitions FROM PUBLIC")
    op.execute("CREATE TABLE consultation_log_other PARTITION OF consultation_log DEFAULT")
    op.execute(_ASTRAY)
    op.execute("REVOKE ALL ON FUNCTION log_rows_astray FROM PUBLIC")
    _guard("consultation_log", "consultation_log_other", "log_seal")
    op.execute(
        "SELECT make_log_partitions(24, (SELECT CASE WHEN min(at) IS NOT NULL THEN greatest(min(at), '2000-01-01')::date END FROM consultation_log_before))"
    )
    op.execute(f"INSERT INTO consultation_log ({_COLUMNS}, written_at) SELECT {_COLUMNS}, at FROM consultation_log_before ORDER BY id")
    op.execute("SELECT setval('consultation_log_id_seq', coalesce((SELECT max(id) FROM consultation_log_before), 0) + 1, false)")
    op.execute("DROP TABLE consultation_log_before")


def _log() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("consultation_log_id_seq")))
    now, none = sa.text("clock_timestamp()"), {"server_default": "", "nullable": False}
    op.create_table(
        "consultation_log",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("nextval('consultation_log_id_seq')"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _TEXTS),
        sa.Column("relation_ids", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("levels", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("records", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("span_id", sa.Text(), **none),
        sa.Column("parent_span_id", sa.Text(), **none),
        sa.Column("register_uri", sa.Text(), **none),
        sa.Column("sections", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("disclosable", sa.Boolean(), server_default="true", nullable=False),
        sa.PrimaryKeyConstraint("id", "at", name=op.f("consultation_log_pkey")),
        postgresql_partition_by="RANGE (at)",
    )
    op.execute("ALTER SEQUENCE consultation_log_id_seq OWNED BY consultation_log.id")
    op.create_index("consultation_log_relation_idx", "consultation_log", ["relation_ids"], postgresql_using="gin")
    op.create_index("consultation_log_official_idx", "consultation_log", ["official", "id"])
    op.create_index("consultation_log_trace_idx", "consultation_log", ["trace_id"], postgresql_using="hash")


def _seals() -> None:
    number, time, data = sa.BigInteger(), sa.DateTime(timezone=True), sa.LargeBinary()
    op.create_table(
        "log_seal",
        sa.Column("number", number, autoincrement=False, nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("form", sa.SmallInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("ids", postgresql.INT8MULTIRANGE(), nullable=False),
        sa.Column("first_id", number, nullable=False),
        sa.Column("last_id", number, nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("first_at", time, nullable=False),
        sa.Column("last_at", time, nullable=False),
        sa.Column("root", data, nullable=False),
        sa.Column("leaves", data, nullable=False),
        sa.Column("floor", number, nullable=False),
        sa.Column("made_at", time, nullable=False),
        sa.Column("previous", data, nullable=False),
        sa.Column("mac", data, nullable=False),
        sa.CheckConstraint("sort IN ('rows', 'dropped')", name=op.f("log_seal_sort_check")),
        sa.PrimaryKeyConstraint("number", name=op.f("log_seal_pkey")),
    )
    op.create_index("log_seal_first_id_idx", "log_seal", ["first_id", "number"])
    op.create_index("log_seal_last_id_idx", "log_seal", ["last_id"])
    op.create_table(
        "log_export",
        sa.Column("one", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("seal", number, nullable=False),
        sa.Column("row", number, nullable=False),
        sa.Column("failing_since", time),
        sa.Column("tried_at", time),
        sa.CheckConstraint("one", name=op.f("log_export_one_check")),
        sa.PrimaryKeyConstraint("one", name=op.f("log_export_pkey")),
    )


def _guard(*tables: str) -> None:
    """Even the owner changes nothing by accident. A partition gets the trigger for rows from its table, that for TRUNCATE when it is made."""
    for table in tables:
        op.execute(
            f"CREATE TRIGGER consultation_log_stays BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_log_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER consultation_log_stays")
        if table != "consultation_log_other":
            op.execute(
                f"CREATE TRIGGER {table}_unchanged BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_log_change()"
            )
            op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_unchanged")


def downgrade() -> None:
    raise NotImplementedError("the log is only ever added to: to go back, restore the backup from before")
