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
ALTER TABLE "access_review_lines" ADD CONSTRAINT "access_review_lines_review_id_access_reviews_id_fk" FOREIGN KEY ("review_id") REFERENCES "public"."access_reviews"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "access_reviews" ADD CONSTRAINT "access_reviews_owner_id_users_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "access_reviews" ADD CONSTRAINT "access_reviews_reviewer_id_users_id_fk" FOREIGN KEY ("reviewer_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "access_reviews" ADD CONSTRAINT "access_reviews_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "access_review_lines_review" ON "access_review_lines" USING btree ("review_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "access_review_lines_once" ON "access_review_lines" USING btree ("review_id","grant_id","person_id","asset_id");--> statement-breakpoint
CREATE INDEX "access_reviews_org" ON "access_reviews" USING btree ("org_id","id");--> statement-breakpoint
CREATE INDEX "access_reviews_reviewer" ON "access_reviews" USING btree ("reviewer_id");