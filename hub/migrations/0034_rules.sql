CREATE TABLE "rules" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"active" boolean NOT NULL,
	"position" integer NOT NULL,
	"subjects" jsonb NOT NULL,
	"targets" jsonb NOT NULL,
	"accounts" text[] NOT NULL,
	"protocols" text[] NOT NULL,
	"addresses" text[] NOT NULL,
	"hours" jsonb,
	"patterns" jsonb NOT NULL,
	"outcome" text NOT NULL,
	"level" jsonb,
	"minutes" integer NOT NULL,
	"says" text NOT NULL,
	"changed_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "auth_sessions" ADD COLUMN "review_id" text;--> statement-breakpoint
ALTER TABLE "rules" ADD CONSTRAINT "rules_changed_by_users_id_fk" FOREIGN KEY ("changed_by") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "rules_org" ON "rules" USING btree ("org_id","kind","position");