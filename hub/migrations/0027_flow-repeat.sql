ALTER TABLE "ticket_flows" ADD COLUMN "may_repeat" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "may_repeat" boolean DEFAULT false NOT NULL;