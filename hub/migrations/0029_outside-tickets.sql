CREATE TABLE "break_glass_rules" (
	"org_id" text PRIMARY KEY NOT NULL,
	"minutes_max" integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "emergency" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "reviewed_by" text;--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "reviewed_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "findings" text;--> statement-breakpoint
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_reviewed_by_users_id_fk" FOREIGN KEY ("reviewed_by") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "tickets_to_review" ON "tickets" USING btree ("org_id") WHERE "tickets"."origin" = 'emergency' and "tickets"."reviewed_at" is null;