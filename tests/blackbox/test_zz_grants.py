"""What each role of the database may do is what it does: every right, down to the column, was needed by a statement that
the role sent during the suite."""

import pytest
from grants import ROLES, Record, Right, Role
from stack import Stack


@pytest.mark.parametrize("name", ROLES)
def test_every_right_is_needed(stack: Stack, record: Record, name: str) -> None:
    def needed_by_another_session(right: Right) -> bool:
        """One that may call a function of an index may do so for as long as it lasts."""
        with stack.database() as connection:
            return Role(connection, name, record.statements[name]).needs(right)

    with stack.database() as connection:
        role = Role(connection, name, record.statements[name])
        assert role.all_goes(), "with all rights"
        spare = [right for right in role.rights if not role.needs(right) and not needed_by_another_session(right)]
        assert [str(right) for right in spare] == []
