"""Whether the service's own user could change what is only ever to be added to."""

from collections.abc import Sequence

from relhub.services.diagnosis import Diagnosis
from relhub.storage.database import Database
from relhub.storage.rights import Rights, rights_on

_OWN_USER = (
    "Make relhub a user of its own (CREATE ROLE relhub LOGIN PASSWORD '…'), name it in RELHUB_DATABASE_URL and the present one in "
    "RELHUB_DATABASE_OWNER_URL, and run relhub migrate, which grants what is needed."
)


async def check_rights(database: Database) -> list[Diagnosis]:
    """What the user of RELHUB_DATABASE_URL may do that it should not, and the SQL that takes it away."""
    async with database.begin() as store:
        found = [rights for rights in await rights_on(store) if rights.is_superuser or rights.is_owner or rights.may]
    if not found:
        return []
    tables, user = ", ".join(rights.table for rights in found), found[0].user
    if found[0].is_superuser:
        return [
            Diagnosis(
                "wrong", f"The user {user} of RELHUB_DATABASE_URL is a superuser, and could change or delete rows of {tables}.", _OWN_USER
            )
        ]
    if any(rights.is_owner for rights in found):
        what = f"The user {user} of RELHUB_DATABASE_URL owns {tables}, or is a member of who does, and could change or delete its rows."
        return [Diagnosis("wrong", what, _OWN_USER)]
    may = ", ".join(sorted({right for rights in found for right in rights.may}))
    what = f"The user {user} of RELHUB_DATABASE_URL has {may} on {tables}, which is only ever to be added to."
    return [Diagnosis("wrong", what, f"As the owner: {' '.join(_revoke(found))}")]


def _revoke(found: Sequence[Rights]) -> list[str]:
    """The statements, one for each role through which the right is had."""
    statements = []
    for rights in found:
        statements += [f"REVOKE UPDATE, DELETE, TRUNCATE ON {rights.table} FROM {role};" for role in rights.through]
        if not rights.through:
            statements.append(f"REVOKE pg_write_all_data FROM {rights.user};")
    return list(dict.fromkeys(statements))
