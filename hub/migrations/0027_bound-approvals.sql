ALTER TABLE "grants" ADD COLUMN "bound" text;--> statement-breakpoint
ALTER TABLE "assets" ADD COLUMN "critical" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "ticket_id" text;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "bound" text;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "approval" jsonb;--> statement-breakpoint
ALTER TABLE "ticket_flows" ADD COLUMN "may_repeat" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "may_repeat" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "approval" jsonb;--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "begun_at" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "runs_ticket" ON "runs" USING btree ("ticket_id");