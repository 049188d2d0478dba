CREATE TABLE "once_calls" (
	"org_id" text NOT NULL,
	"caller_id" text NOT NULL,
	"key" text NOT NULL,
	"request" text NOT NULL,
	"status" integer,
	"answer" jsonb,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "once_calls_pk" PRIMARY KEY("org_id","caller_id","key")
);
--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "origin" text DEFAULT 'asked' NOT NULL;--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "key_id" text;--> statement-breakpoint
CREATE INDEX "once_calls_at" ON "once_calls" USING btree ("at");--> statement-breakpoint
CREATE INDEX "tickets_key" ON "tickets" USING btree ("key_id","created_at") WHERE "tickets"."key_id" is not null;