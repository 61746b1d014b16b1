-- A tenant's read in one round trip: the scope is the type of the statement's parameter. A value of this type sets the scope
-- of its transaction when it arrives, and Bind comes before Execute: what row-level security asks for is there before
-- the first row. Without a transaction block the transaction is the statement's, and the scope ends with it.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '10s';

-- No table has a column of this type: there is no row that a change of the check would have to be tried on.
-- squawk-ignore ban-create-domain-with-constraint
CREATE DOMAIN tenant_scope AS uuid CHECK (set_config('app.tenant_id', VALUE::text, true) IS NOT NULL);
