//! A run that is killed, at whatever moment, leaves its day as it was; the next run leaves it as if nothing had happened.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;

use crate::fixture::{Fixture, PLENTY, WAITS_FOR_LOCK, execute, job, requests};

/// The day's raw requests and the platform's tenants in one of two versions. Each lacks tenants, agents and hours that the
/// other has, so that a run from one to the other inserts, updates and deletes.
async fn switch(fixture: &mut Fixture, version: u64) {
    execute(&mut fixture.owner, "DELETE FROM agent_requests").await;
    let mut rows = requests(version, fixture.day(1), 40);
    rows.retain(|row| row.tenant != 1 + u128::from(version) && row.agent != Some(2 + u128::from(version)));
    rows.retain(|row| row.microseconds % 2 == i64::from(version == 1));
    fixture.insert(&rows).await;
    // Appends to the counters, which a run folds.
    sqlx::query(
        "INSERT INTO tenants (id, name, cnpj, plan, segment)
         VALUES ('00000000-0000-4000-8000-000000000001', 'Um', '11222333000181', 'starter', $1)
         ON CONFLICT (id) DO UPDATE SET segment = excluded.segment",
    )
    .bind(format!("versão {version}"))
    .execute(&mut fixture.owner)
    .await
    .unwrap();
    execute(
        &mut fixture.owner,
        "INSERT INTO agents (id, name) VALUES ('00000000-0000-4000-8000-000000000002', 'Agente') ON CONFLICT DO NOTHING;
         INSERT INTO tenant_agents (tenant_id, agent_id, status)
             VALUES ('00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002', 'active')
             ON CONFLICT DO NOTHING;
         UPDATE tenant_agents SET status = 'suspended'; UPDATE tenant_agents SET status = 'active'",
    )
    .await;
}

/// What one run from nothing leaves of a version.
async fn clean(version: u64) -> BTreeMap<String, Vec<String>> {
    let mut fixture = Fixture::new().await;
    switch(&mut fixture, version).await;
    fixture.aggregate(fixture.day(1)).await.unwrap();
    fixture.rollups().await
}

/// Counts what a run does, before and after each of its statements that a trigger can see, and ends its backend at the
/// chosen count.
const KILLER: &str = "
    CREATE SEQUENCE public.step;
    CREATE TABLE public.victim (step bigint);
    INSERT INTO public.victim VALUES (0);
    CREATE FUNCTION public.count_step() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        IF session_user = 'app_jobs' AND nextval('public.step') = (SELECT step FROM public.victim) THEN
            PERFORM pg_terminate_backend(pg_backend_pid());
            PERFORM pg_sleep(60);
        END IF;
    END $$;
    CREATE FUNCTION public.at_write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        AS 'BEGIN PERFORM public.count_step(); RETURN NULL; END';
    CREATE FUNCTION public.at_definition() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
        AS 'BEGIN PERFORM public.count_step(); END';
    DO $$
    DECLARE
        rollup regclass;
        moment text;
    BEGIN
        FOR rollup IN
            SELECT oid FROM pg_class WHERE relnamespace = 'alquimista_platform'::regnamespace AND relkind = 'r' AND (
                has_any_column_privilege('app_jobs', oid, 'INSERT')
                OR relname IN ('platform_top_lists', 'tenant_counters', 'tenant_counter_changes', 'deployment_counters',
                    'deployment_counter_changes'))
        LOOP
            FOREACH moment IN ARRAY ARRAY['BEFORE', 'AFTER'] LOOP
                EXECUTE format('CREATE TRIGGER kill_%s %1$s INSERT OR UPDATE OR DELETE ON %s
                    FOR EACH STATEMENT EXECUTE FUNCTION public.at_write()', moment, rollup);
            END LOOP;
            EXECUTE format('CREATE TRIGGER kill_row AFTER INSERT OR UPDATE OR DELETE ON %s
                FOR EACH ROW EXECUTE FUNCTION public.at_write()', rollup);
        END LOOP;
    END $$;
    CREATE EVENT TRIGGER kill_before ON ddl_command_start EXECUTE FUNCTION public.at_definition();
    CREATE EVENT TRIGGER kill_after ON ddl_command_end EXECUTE FUNCTION public.at_definition();
";

#[tokio::test]
async fn killed_at_any_statement_and_run_again() {
    let clean = [clean(0).await, clean(1).await];
    assert_ne!(clean[0], clean[1]);
    let mut fixture = Fixture::new().await;
    execute(&mut fixture.superuser, KILLER).await;
    switch(&mut fixture, 0).await;
    let day = fixture.day(1);
    fixture.aggregate(day).await.unwrap();
    assert_eq!(fixture.rollups().await, clean[0]);

    let mut killed = 0_i64;
    loop {
        let version = usize::from(killed % 2 == 0);
        switch(&mut fixture, version.try_into().unwrap()).await;
        let before = fixture.rollups().await;
        aim_at(&mut fixture, killed + 1).await;
        if fixture.aggregate(day).await.is_ok() {
            break; // it has no more statements than that
        }
        killed += 1;
        assert_eq!(fixture.rollups().await, before, "killed at {killed}");
        assert_eq!(fixture.as_of(day).await.unwrap(), fixture.today.and_hms_opt(0, 0, 0).unwrap().and_utc());

        aim_at(&mut fixture, 0).await;
        fixture.aggregate(day).await.unwrap();
        assert_eq!(fixture.rollups().await, clean[version], "killed at {killed} and run again");
    }
    // Nine rollups' statements, before and after, their rows, and the temporary tables.
    assert!(killed > 60, "only {killed} moments");
}

async fn aim_at(fixture: &mut Fixture, step: i64) {
    execute(&mut fixture.superuser, "ALTER SEQUENCE public.step RESTART").await;
    sqlx::query("UPDATE public.victim SET step = $1")
        .bind(step)
        .execute(&mut fixture.superuser)
        .await
        .unwrap();
}

#[tokio::test]
async fn killed_at_any_instant_and_run_again() {
    let seed = rand::random();
    println!("seed {seed}");
    let mut chance = StdRng::seed_from_u64(seed);
    let clean = [clean(0).await, clean(1).await];
    let mut fixture = Fixture::new().await;
    let mut killed = 0;
    for round in 0_usize..40 {
        let version = round % 2;
        switch(&mut fixture, version.try_into().unwrap()).await;
        let before = fixture.rollups().await;
        let delay = Duration::from_micros(chance.random_range(0..40_000));
        let job = job(&fixture.database, fixture.job.lock_wait);
        let (event, now) = (json!({ "date": fixture.day(1) }), fixture.noon());
        let (answer, ()) = tokio::join!(async { job.handle(&event, now, &|| PLENTY, "job").await }, async {
            tokio::time::sleep(delay).await;
            execute(
                &mut fixture.superuser,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND usename = 'app_jobs'",
            )
            .await;
        });
        if answer.is_err() {
            killed += 1;
            let after = fixture.rollups().await;
            // The answer to a commit may be lost: then all of it is there.
            assert!(after == before || after == clean[version], "seed {seed}, round {round}");
        }
        fixture.aggregate(fixture.day(1)).await.unwrap();
        assert_eq!(fixture.rollups().await, clean[version], "seed {seed}, round {round}");
    }
    println!("{killed} of 40 runs were killed");
}

#[tokio::test]
async fn a_killed_function_does_not_keep_the_lock() {
    let mut fixture = Fixture::new().await;
    let day = fixture.day(1);
    // The run gets as far as its first write and hangs there.
    execute(
        &mut fixture.superuser,
        "BEGIN; LOCK TABLE alquimista_platform.tenant_usage_daily IN ACCESS EXCLUSIVE MODE",
    )
    .await;
    let job = job(&fixture.database, fixture.job.lock_wait);
    let now = fixture.noon();
    let function =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let run = function
        .spawn(async move { job.handle(&json!({ "date": day }), now, &|| PLENTY, "job").await.is_ok() });
    fixture.wait_for(1, WAITS_FOR_LOCK).await;
    // Nothing of it is left but its connection's other end.
    function.shutdown_background();
    assert!(run.await.is_err());
    fixture.wait_for(0, "true").await;
    execute(&mut fixture.superuser, "ROLLBACK").await;
    assert_eq!(fixture.rollups().await["aggregated_days"].len(), 0);
    fixture.aggregate(day).await.unwrap();
}

#[tokio::test]
async fn a_run_that_is_given_up_leaves_nothing_behind() {
    let mut fixture = Fixture::new().await;
    let day = fixture.day(1);
    execute(
        &mut fixture.superuser,
        "BEGIN; LOCK TABLE alquimista_platform.tenant_usage_daily IN ACCESS EXCLUSIVE MODE",
    )
    .await;
    let given_up = tokio::time::timeout(Duration::from_millis(500), fixture.aggregate(day)).await;
    assert!(given_up.is_err());
    fixture.wait_for(0, "true").await;
    execute(&mut fixture.superuser, "ROLLBACK").await;
    // The same pool, with a connection of its own making.
    assert_eq!(fixture.aggregate(day).await.unwrap().days.len(), 1);
}
