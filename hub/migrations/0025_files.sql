CREATE TABLE "kept_files" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"name" text NOT NULL,
	"visibility" text NOT NULL,
	"state" text NOT NULL,
	"size_bytes" bigint NOT NULL,
	"stored_bytes" bigint DEFAULT 0 NOT NULL,
	"sha256" text,
	"owner_id" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"touched_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "executions" ADD COLUMN "placed_files" jsonb;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "files" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "files" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "kept_files" ADD CONSTRAINT "kept_files_owner_id_users_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "kept_files_org_name" ON "kept_files" USING btree ("org_id","name","id");--> statement-breakpoint
CREATE INDEX "kept_files_state" ON "kept_files" USING btree ("state","touched_at");--> statement-breakpoint
CREATE INDEX "runs_with_files" ON "runs" USING btree ("org_id") WHERE "runs"."state" <> 'finished' and "runs"."files" <> '[]';