-- Noise that follows from the seed in `setting`.

-- The same for the same seed, key and purpose: at least 0, below 1.
DO $$
BEGIN
    EXECUTE format(
        'CREATE FUNCTION pg_temp.unit(key bigint, purpose text) RETURNS double precision
             LANGUAGE sql IMMUTABLE PARALLEL SAFE
             RETURN (hashint8extended(key, hashtextextended(purpose, %s)) & 9007199254740991)::double precision
                 / 9007199254740992',
        (SELECT seed FROM setting)
    );
END
$$;

-- Standard normal.
CREATE FUNCTION pg_temp.normal(key bigint, purpose text) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN sqrt(-2 * ln(1 - pg_temp.unit(key, purpose))) * cos(2 * pi() * pg_temp.unit(key, purpose || '/angle'));
