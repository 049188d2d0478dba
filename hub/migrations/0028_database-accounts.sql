CREATE TABLE "database_accounts" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"asset_id" text NOT NULL,
	"user_id" text NOT NULL,
	"level" text NOT NULL,
	"username" text NOT NULL,
	"account_id" text NOT NULL,
	"begun_at" timestamp (3) with time zone,
	"made_at" timestamp (3) with time zone,
	"secret_version" integer,
	"applied" text[] DEFAULT '{}' NOT NULL,
	"missing" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"seen" text[],
	"attempts" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"failure" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"looked_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "database_settings" (
	"org_id" text PRIMARY KEY NOT NULL,
	"name_pattern" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "database_wants" (
	"grant_id" text PRIMARY KEY NOT NULL,
	"database_account_id" text NOT NULL,
	"places" jsonb NOT NULL
);
--> statement-breakpoint
ALTER TABLE "database_accounts" ADD CONSTRAINT "database_accounts_asset_id_assets_id_fk" FOREIGN KEY ("asset_id") REFERENCES "public"."assets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "database_accounts" ADD CONSTRAINT "database_accounts_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "database_accounts" ADD CONSTRAINT "database_accounts_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "database_wants" ADD CONSTRAINT "database_wants_grant_id_grants_id_fk" FOREIGN KEY ("grant_id") REFERENCES "public"."grants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "database_wants" ADD CONSTRAINT "database_wants_database_account_id_database_accounts_id_fk" FOREIGN KEY ("database_account_id") REFERENCES "public"."database_accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "database_accounts_once" ON "database_accounts" USING btree ("asset_id","user_id","level") WHERE "database_accounts"."ended_at" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "database_accounts_name" ON "database_accounts" USING btree ("asset_id","username") WHERE "database_accounts"."ended_at" is null;--> statement-breakpoint
CREATE INDEX "database_accounts_open" ON "database_accounts" USING btree ("due_at") WHERE "database_accounts"."ended_at" is null;--> statement-breakpoint
CREATE INDEX "database_wants_account" ON "database_wants" USING btree ("database_account_id");