-- When a tenant's users last signed in, as their tokens say. app_tenant may write that, of users of the tenant that the
-- transaction is about, and nothing else of anybody: it never goes back, and never ahead of the clock by more than clocks
-- differ. Two requests that come with one sign-in don't wait for each other.
CREATE FUNCTION record_sign_in(user_sub uuid, auth_time bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, alquimista_platform, pg_temp
AS $$
DECLARE
    tenant uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
    signed_in_at timestamptz := to_timestamp(auth_time);
BEGIN
    IF signed_in_at > now() + interval '1 minute' THEN
        RETURN false;
    END IF;
    UPDATE tenant_users SET last_login_at = signed_in_at WHERE id = (
        SELECT id FROM tenant_users
        WHERE cognito_sub = user_sub::text AND tenant_id = tenant
            AND (last_login_at IS NULL OR last_login_at < signed_in_at)
        FOR UPDATE SKIP LOCKED
    );
    RETURN FOUND;
END
$$;
REVOKE ALL ON FUNCTION record_sign_in(uuid, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_sign_in(uuid, bigint) TO app_tenant;
