ALTER TABLE "runs" ADD COLUMN "address" text;--> statement-breakpoint
CREATE INDEX "executions_waiting" ON "executions" USING btree ("org_id") WHERE "executions"."state" in ('queued', 'offered');