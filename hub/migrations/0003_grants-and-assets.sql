CREATE TABLE "grant_subjects" (
	"grant_id" text NOT NULL,
	"kind" text NOT NULL,
	"subject_id" text NOT NULL,
	CONSTRAINT "grant_subjects_grant_id_kind_subject_id_pk" PRIMARY KEY("grant_id","kind","subject_id")
);
--> statement-breakpoint
CREATE TABLE "grant_targets" (
	"grant_id" text NOT NULL,
	"kind" text NOT NULL,
	"target_id" text NOT NULL,
	CONSTRAINT "grant_targets_grant_id_kind_target_id_pk" PRIMARY KEY("grant_id","kind","target_id")
);
--> statement-breakpoint
CREATE TABLE "account_secrets" (
	"account_id" text NOT NULL,
	"org_id" text NOT NULL,
	"version" integer NOT NULL,
	"sealed" "bytea" NOT NULL,
	"vault_key" integer NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text,
	CONSTRAINT "account_secrets_account_id_version_pk" PRIMARY KEY("account_id","version")
);
--> statement-breakpoint
CREATE TABLE "accounts" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"asset_id" text NOT NULL,
	"username" text NOT NULL,
	"secret_kind" text NOT NULL,
	"privileged" boolean DEFAULT false NOT NULL,
	"active" boolean DEFAULT true NOT NULL,
	"comment" text DEFAULT '' NOT NULL,
	"su_from_id" text,
	"public_key" text,
	"version" integer DEFAULT 0 NOT NULL,
	"checked_at" timestamp (3) with time zone,
	"check_failure" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"retired_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "asset_labels" (
	"asset_id" text NOT NULL,
	"org_id" text NOT NULL,
	"label" text NOT NULL,
	CONSTRAINT "asset_labels_asset_id_label_pk" PRIMARY KEY("asset_id","label")
);
--> statement-breakpoint
CREATE TABLE "asset_nodes" (
	"asset_id" text NOT NULL,
	"node_id" text NOT NULL,
	CONSTRAINT "asset_nodes_asset_id_node_id_pk" PRIMARY KEY("asset_id","node_id")
);
--> statement-breakpoint
CREATE TABLE "favourites" (
	"user_id" text NOT NULL,
	"asset_id" text NOT NULL,
	CONSTRAINT "favourites_user_id_asset_id_pk" PRIMARY KEY("user_id","asset_id")
);
--> statement-breakpoint
CREATE TABLE "host_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"asset_id" text NOT NULL,
	"algorithm" text NOT NULL,
	"key" text NOT NULL,
	"fingerprint" text NOT NULL,
	"state" text NOT NULL,
	"seen_at" timestamp (3) with time zone NOT NULL,
	"decided_by" text,
	"decided_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "node_ancestors" (
	"node_id" text NOT NULL,
	"ancestor_id" text NOT NULL,
	CONSTRAINT "node_ancestors_node_id_ancestor_id_pk" PRIMARY KEY("node_id","ancestor_id")
);
--> statement-breakpoint
CREATE TABLE "nodes" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"parent_id" text,
	"name" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "grants" DROP CONSTRAINT "grants_user_id_users_id_fk";
--> statement-breakpoint
ALTER TABLE "grants" DROP CONSTRAINT "grants_asset_id_assets_id_fk";
--> statement-breakpoint
DROP INDEX "grants_user";--> statement-breakpoint
DROP INDEX "grants_asset";--> statement-breakpoint
DROP INDEX "assets_org_name";--> statement-breakpoint
ALTER TABLE "assets" ALTER COLUMN "agent_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "name" text;--> statement-breakpoint
UPDATE "grants" SET "name" = coalesce((SELECT u.name || ' on ' || a.name FROM users u, assets a WHERE u.id = grants.user_id AND a.id = grants.asset_id), grants.id);--> statement-breakpoint
ALTER TABLE "grants" ALTER COLUMN "name" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "accounts" text[];--> statement-breakpoint
UPDATE "grants" SET "accounts" = '{@all}';--> statement-breakpoint
ALTER TABLE "grants" ALTER COLUMN "accounts" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "protocols" text[];--> statement-breakpoint
UPDATE "grants" SET "protocols" = '{@all}';--> statement-breakpoint
ALTER TABLE "grants" ALTER COLUMN "protocols" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "starts_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "hours" jsonb;--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "addresses" text[];--> statement-breakpoint
UPDATE "grants" SET "addresses" = '{}';--> statement-breakpoint
ALTER TABLE "grants" ALTER COLUMN "addresses" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "active" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "comment" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "updated_at" timestamp (3) with time zone;--> statement-breakpoint
UPDATE "grants" SET "updated_at" = "created_at";--> statement-breakpoint
ALTER TABLE "grants" ALTER COLUMN "updated_at" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "assets" ADD COLUMN "zone_id" text;--> statement-breakpoint
UPDATE "assets" SET "zone_id" = (SELECT zone_id FROM agents WHERE agents.id = assets.agent_id);--> statement-breakpoint
ALTER TABLE "assets" ALTER COLUMN "zone_id" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "assets" ADD COLUMN "category" text;--> statement-breakpoint
UPDATE "assets" SET "category" = "kind";--> statement-breakpoint
ALTER TABLE "assets" ALTER COLUMN "category" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "assets" ADD COLUMN "address" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "assets" ADD COLUMN "protocols" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "assets" ADD COLUMN "comment" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "assets" ADD COLUMN "active" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "assets" ADD COLUMN "legacy_algorithms" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "assets" ADD COLUMN "updated_at" timestamp (3) with time zone;--> statement-breakpoint
UPDATE "assets" SET "updated_at" = "created_at";--> statement-breakpoint
ALTER TABLE "assets" ALTER COLUMN "updated_at" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "account_choice" text;--> statement-breakpoint
UPDATE "sessions" SET "account_choice" = '@agent';--> statement-breakpoint
ALTER TABLE "sessions" ALTER COLUMN "account_choice" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "protocol" text;--> statement-breakpoint
UPDATE "sessions" SET "protocol" = CASE WHEN port IS NULL THEN 'ssh' ELSE 'tcp' END;--> statement-breakpoint
ALTER TABLE "sessions" ALTER COLUMN "protocol" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "address" text;--> statement-breakpoint
ALTER TABLE "grant_subjects" ADD CONSTRAINT "grant_subjects_grant_id_grants_id_fk" FOREIGN KEY ("grant_id") REFERENCES "public"."grants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "grant_targets" ADD CONSTRAINT "grant_targets_grant_id_grants_id_fk" FOREIGN KEY ("grant_id") REFERENCES "public"."grants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "account_secrets" ADD CONSTRAINT "account_secrets_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_asset_id_assets_id_fk" FOREIGN KEY ("asset_id") REFERENCES "public"."assets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_su_from_id_accounts_id_fk" FOREIGN KEY ("su_from_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "asset_labels" ADD CONSTRAINT "asset_labels_asset_id_assets_id_fk" FOREIGN KEY ("asset_id") REFERENCES "public"."assets"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "asset_nodes" ADD CONSTRAINT "asset_nodes_asset_id_assets_id_fk" FOREIGN KEY ("asset_id") REFERENCES "public"."assets"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "asset_nodes" ADD CONSTRAINT "asset_nodes_node_id_nodes_id_fk" FOREIGN KEY ("node_id") REFERENCES "public"."nodes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "favourites" ADD CONSTRAINT "favourites_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "favourites" ADD CONSTRAINT "favourites_asset_id_assets_id_fk" FOREIGN KEY ("asset_id") REFERENCES "public"."assets"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "host_keys" ADD CONSTRAINT "host_keys_asset_id_assets_id_fk" FOREIGN KEY ("asset_id") REFERENCES "public"."assets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "node_ancestors" ADD CONSTRAINT "node_ancestors_node_id_nodes_id_fk" FOREIGN KEY ("node_id") REFERENCES "public"."nodes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "node_ancestors" ADD CONSTRAINT "node_ancestors_ancestor_id_nodes_id_fk" FOREIGN KEY ("ancestor_id") REFERENCES "public"."nodes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "nodes" ADD CONSTRAINT "nodes_parent_id_nodes_id_fk" FOREIGN KEY ("parent_id") REFERENCES "public"."nodes"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "grant_subjects_subject" ON "grant_subjects" USING btree ("kind","subject_id");--> statement-breakpoint
CREATE INDEX "grant_targets_target" ON "grant_targets" USING btree ("kind","target_id");--> statement-breakpoint
CREATE INDEX "account_secrets_key" ON "account_secrets" USING btree ("vault_key");--> statement-breakpoint
CREATE INDEX "accounts_asset" ON "accounts" USING btree ("asset_id");--> statement-breakpoint
CREATE INDEX "accounts_org_username" ON "accounts" USING btree ("org_id","username");--> statement-breakpoint
CREATE UNIQUE INDEX "accounts_asset_username" ON "accounts" USING btree ("asset_id","username") WHERE "accounts"."retired_at" is null;--> statement-breakpoint
CREATE INDEX "asset_labels_label" ON "asset_labels" USING btree ("org_id","label");--> statement-breakpoint
CREATE INDEX "asset_nodes_node" ON "asset_nodes" USING btree ("node_id");--> statement-breakpoint
CREATE UNIQUE INDEX "host_keys_asset_key" ON "host_keys" USING btree ("asset_id","key");--> statement-breakpoint
CREATE INDEX "node_ancestors_ancestor" ON "node_ancestors" USING btree ("ancestor_id");--> statement-breakpoint
CREATE UNIQUE INDEX "nodes_place" ON "nodes" USING btree ("org_id",coalesce("parent_id", ''),"name");--> statement-breakpoint
CREATE INDEX "nodes_parent" ON "nodes" USING btree ("parent_id");--> statement-breakpoint
ALTER TABLE "assets" ADD CONSTRAINT "assets_zone_id_zones_id_fk" FOREIGN KEY ("zone_id") REFERENCES "public"."zones"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "grants_org" ON "grants" USING btree ("org_id","name");--> statement-breakpoint
CREATE INDEX "assets_zone" ON "assets" USING btree ("zone_id");--> statement-breakpoint
CREATE UNIQUE INDEX "assets_org_name_once" ON "assets" USING btree ("org_id","name") WHERE "assets"."agent_id" is null and "assets"."retired_at" is null;--> statement-breakpoint
CREATE INDEX "assets_org_name" ON "assets" USING btree ("org_id","name","id");--> statement-breakpoint
-- An agent's host was called by its agent's name in every query; from here on by its own.
UPDATE "assets" SET "name" = agents.name, "protocols" = '[{"name":"ssh","port":22}]' FROM agents WHERE agents.id = assets.agent_id;--> statement-breakpoint
UPDATE "grants" SET "actions" = array_replace("actions", 'dial', 'forward');--> statement-breakpoint
INSERT INTO "grant_subjects" ("grant_id", "kind", "subject_id") SELECT "id", 'user', "user_id" FROM "grants";--> statement-breakpoint
INSERT INTO "grant_targets" ("grant_id", "kind", "target_id") SELECT "id", 'asset', "asset_id" FROM "grants";--> statement-breakpoint
-- Administrators reached everything without a grant; now one says so.
INSERT INTO "grants" ("id", "org_id", "name", "accounts", "protocols", "actions", "addresses", "created_by", "created_at", "updated_at", "user_id", "asset_id")
SELECT 'grt_' || substr(md5("id" || 'administrators'), 1, 24), "id", 'Administrators', '{@all,@same-name,@ask,@agent}', '{@all}',
  '{connect,upload,download,copy,paste,delete,share,forward,run}', '{}', 'hub', "created_at", "created_at", '', '' FROM "organisations";--> statement-breakpoint
INSERT INTO "grant_subjects" ("grant_id", "kind", "subject_id") SELECT "id", 'role', 'admin' FROM "grants" WHERE "created_by" = 'hub';--> statement-breakpoint
INSERT INTO "grant_targets" ("grant_id", "kind", "target_id") SELECT "id", 'all', '' FROM "grants" WHERE "created_by" = 'hub';--> statement-breakpoint
ALTER TABLE "grants" DROP COLUMN "user_id";--> statement-breakpoint
ALTER TABLE "grants" DROP COLUMN "asset_id";--> statement-breakpoint
ALTER TABLE "assets" DROP COLUMN "kind";