-- Two roles for PostgreSQL, so that not even a stolen password of the API changes the audit trail. Run it as the owner
-- of the tables (who may create roles), and again after each `nachbarschaft db upgrade`:
--
--     psql "$OWNER_URL" --single-transaction -v ON_ERROR_STOP=1 -f roles.sql
--     psql "$OWNER_URL" -c "GRANT nachbarschaft_app TO …" -c "GRANT nachbarschaft_keeper TO …"
--
-- nachbarschaft_app is for `nachbarschaft api` and `worker`: it writes events and ledger entries, and never changes or
-- deletes one; seals it only reads. nachbarschaft_keeper is for `nachbarschaft scheduler`: it seals, and deletes what
-- has been kept long enough; it changes no event, seal or ledger entry either. Migrations are the owner's.

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['nachbarschaft_app', 'nachbarschaft_keeper'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        END IF;
    END LOOP;
END
$$;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, nachbarschaft_app, nachbarschaft_keeper;
GRANT USAGE ON SCHEMA public TO nachbarschaft_app, nachbarschaft_keeper;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO nachbarschaft_app, nachbarschaft_keeper;

REVOKE UPDATE, DELETE ON event, erasure FROM nachbarschaft_app;
REVOKE INSERT, UPDATE, DELETE ON audit_seal, sealed_event FROM nachbarschaft_app;

REVOKE UPDATE ON event, erasure, sealed_event FROM nachbarschaft_keeper;
REVOKE UPDATE, DELETE ON audit_seal FROM nachbarschaft_keeper;

REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM nachbarschaft_app, nachbarschaft_keeper;
