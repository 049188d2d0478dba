CREATE TABLE "account_templates" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"name" text NOT NULL,
	"username" text NOT NULL,
	"privileged" boolean DEFAULT false NOT NULL,
	"secret" text NOT NULL,
	"sealed" "bytea",
	"vault_key" integer,
	"version" integer DEFAULT 0 NOT NULL,
	"su_from" text,
	"rotate_every_days" integer,
	"push" boolean DEFAULT false NOT NULL,
	"comment" text DEFAULT '' NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "account_tasks" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"account_id" text NOT NULL,
	"asset_id" text NOT NULL,
	"kind" text NOT NULL,
	"state" text NOT NULL,
	"by_id" text,
	"by_name" text,
	"by_address" text,
	"attempts" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"code" text,
	"agent" text
);
--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "pending_version" integer;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "left_version" integer;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "template_id" text;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "rotate_every_days" integer;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "rotated_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "account_tasks" ADD CONSTRAINT "account_tasks_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "account_tasks" ADD CONSTRAINT "account_tasks_asset_id_assets_id_fk" FOREIGN KEY ("asset_id") REFERENCES "public"."assets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "account_templates_name" ON "account_templates" USING btree ("org_id","name");--> statement-breakpoint
CREATE INDEX "account_tasks_due" ON "account_tasks" USING btree ("state","due_at");--> statement-breakpoint
CREATE INDEX "account_tasks_account" ON "account_tasks" USING btree ("account_id","created_at");--> statement-breakpoint
CREATE INDEX "account_tasks_asset" ON "account_tasks" USING btree ("asset_id");--> statement-breakpoint
CREATE UNIQUE INDEX "account_tasks_once" ON "account_tasks" USING btree ("account_id","kind") WHERE "account_tasks"."ended_at" is null;--> statement-breakpoint
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_template_id_account_templates_id_fk" FOREIGN KEY ("template_id") REFERENCES "public"."account_templates"("id") ON DELETE set null ON UPDATE no action;