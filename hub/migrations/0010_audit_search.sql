DROP INDEX "audit_events_subject";--> statement-breakpoint
DROP INDEX "audit_events_actor";--> statement-breakpoint
CREATE INDEX "audit_events_org_subject" ON "audit_events" USING btree ("org_id","subject_id","seq");--> statement-breakpoint
CREATE INDEX "audit_events_org_actor" ON "audit_events" USING btree ("org_id","actor_id","seq");--> statement-breakpoint
CREATE INDEX "audit_events_org_asset" ON "audit_events" USING btree ("org_id",("data" ->> 'assetId'),"seq");--> statement-breakpoint
CREATE INDEX "audit_events_org_ip" ON "audit_events" USING btree ("org_id","ip","seq");--> statement-breakpoint
CREATE INDEX "audit_events_org_at" ON "audit_events" USING btree ("org_id","at","seq");--> statement-breakpoint
-- Free text is found by trigrams. A server that does not allow the extension searches without it, slower.
DO $$ BEGIN
	CREATE EXTENSION IF NOT EXISTS pg_trgm;
	EXECUTE 'CREATE INDEX audit_events_search ON audit_events USING gin ((coalesce(actor_name, '''') || '' '' || coalesce(subject_name, '''') || '' '' || kind || '' '' || coalesce(subject_id, '''')) gin_trgm_ops)';
EXCEPTION WHEN OTHERS THEN
	RAISE NOTICE 'audit search goes without trigrams: %', SQLERRM;
END $$;
