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
CREATE TABLE "access_review_lines" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"review_id" text NOT NULL,
	"grant_id" text NOT NULL,
	"grant_name" text NOT NULL,
	"person_id" text NOT NULL,
	"person" text NOT NULL,
	"asset_id" text NOT NULL,
	"asset" text NOT NULL,
	"via" text NOT NULL,
	"actions" text[] NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"last_used_at" timestamp (3) with time zone,
	"decision" text,
	"outcome" text,
	"reason" text DEFAULT '' NOT NULL,
	"decided_by" text,
	"decided_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "access_reviews" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"name" text NOT NULL,
	"owner_id" text,
	"reviewer_id" text NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"closed_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "break_glass_rules" (
	"org_id" text PRIMARY KEY NOT NULL,
	"minutes_max" integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "emergency" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "access_keys" ADD COLUMN "scopes" text[];--> statement-breakpoint
ALTER TABLE "access_keys" ADD COLUMN "addresses" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "origin" text DEFAULT 'asked' NOT NULL;--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "key_id" text;--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "reviewed_by" text;--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "reviewed_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "findings" text;--> statement-breakpoint
ALTER TABLE "access_review_lines" ADD CONSTRAINT "access_review_lines_review_id_access_reviews_id_fk" FOREIGN KEY ("review_id") REFERENCES "public"."access_reviews"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "access_reviews" ADD CONSTRAINT "access_reviews_owner_id_users_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "access_reviews" ADD CONSTRAINT "access_reviews_reviewer_id_users_id_fk" FOREIGN KEY ("reviewer_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "access_reviews" ADD CONSTRAINT "access_reviews_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "once_calls_at" ON "once_calls" USING btree ("at");--> statement-breakpoint
CREATE INDEX "access_review_lines_review" ON "access_review_lines" USING btree ("review_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "access_review_lines_once" ON "access_review_lines" USING btree ("review_id","grant_id","person_id","asset_id");--> statement-breakpoint
CREATE INDEX "access_reviews_org" ON "access_reviews" USING btree ("org_id","id");--> statement-breakpoint
CREATE INDEX "access_reviews_reviewer" ON "access_reviews" USING btree ("reviewer_id");--> statement-breakpoint
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_reviewed_by_users_id_fk" FOREIGN KEY ("reviewed_by") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "tickets_key" ON "tickets" USING btree ("key_id","created_at") WHERE "tickets"."key_id" is not null;--> statement-breakpoint
CREATE INDEX "tickets_to_review" ON "tickets" USING btree ("org_id") WHERE "tickets"."origin" = 'emergency' and "tickets"."reviewed_at" is null;