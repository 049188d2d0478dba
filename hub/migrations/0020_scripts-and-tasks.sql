CREATE TABLE "interpreters" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text,
	"program" text NOT NULL,
	"label" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "script_versions" (
	"script_id" text NOT NULL,
	"number" integer NOT NULL,
	"interpreter" text NOT NULL,
	"body" text NOT NULL,
	"hash" text NOT NULL,
	"parameters" jsonb NOT NULL,
	"note" text DEFAULT '' NOT NULL,
	"author_id" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "script_versions_script_id_number_pk" PRIMARY KEY("script_id","number")
);
--> statement-breakpoint
CREATE TABLE "scripts" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"visibility" text NOT NULL,
	"owner_id" text NOT NULL,
	"latest" integer NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"archived_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "calendars" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"name" text NOT NULL,
	"days" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "target_sets" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"name" text NOT NULL,
	"targets" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "task_fires" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"task_id" text NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"decided_at" timestamp (3) with time zone NOT NULL,
	"outcome" text NOT NULL,
	"run_id" text,
	"reason" text DEFAULT '' NOT NULL,
	"more" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tasks" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"script_id" text NOT NULL,
	"script_version" integer,
	"parameters" jsonb NOT NULL,
	"targets" jsonb NOT NULL,
	"account" text NOT NULL,
	"rolling" jsonb,
	"timeout_seconds" integer NOT NULL,
	"expiry_seconds" integer NOT NULL,
	"schedule" jsonb,
	"misfire" text NOT NULL,
	"overlap" text NOT NULL,
	"state" text NOT NULL,
	"owner_id" text NOT NULL,
	"next_fire_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"archived_at" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "executions" ALTER COLUMN "agent_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "executions" ADD COLUMN "zone_id" text;--> statement-breakpoint
ALTER TABLE "executions" ADD COLUMN "account_choice" text DEFAULT '@agent' NOT NULL;--> statement-breakpoint
ALTER TABLE "executions" ADD COLUMN "position" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "executions" ADD COLUMN "released_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "executions" ADD COLUMN "expires_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "trigger" text DEFAULT 'person' NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "task_id" text;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "script_id" text;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "script_version" integer;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "parameters" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "secrets" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "expiry_seconds" integer DEFAULT 3600 NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "account" text DEFAULT '@agent' NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "rolling" jsonb;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "canary_passed" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "tolerated_errors" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "refused" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "script_versions" ADD CONSTRAINT "script_versions_script_id_scripts_id_fk" FOREIGN KEY ("script_id") REFERENCES "public"."scripts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "script_versions" ADD CONSTRAINT "script_versions_author_id_users_id_fk" FOREIGN KEY ("author_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "scripts" ADD CONSTRAINT "scripts_owner_id_users_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "task_fires" ADD CONSTRAINT "task_fires_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "public"."tasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tasks" ADD CONSTRAINT "tasks_script_id_scripts_id_fk" FOREIGN KEY ("script_id") REFERENCES "public"."scripts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tasks" ADD CONSTRAINT "tasks_owner_id_users_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "interpreters_program" ON "interpreters" USING btree (coalesce("org_id", ''),"program");--> statement-breakpoint
CREATE INDEX "scripts_org_name" ON "scripts" USING btree ("org_id","name","id");--> statement-breakpoint
CREATE UNIQUE INDEX "calendars_name" ON "calendars" USING btree ("org_id","name");--> statement-breakpoint
CREATE UNIQUE INDEX "target_sets_name" ON "target_sets" USING btree ("org_id","name");--> statement-breakpoint
CREATE UNIQUE INDEX "task_fires_once" ON "task_fires" USING btree ("task_id","due_at");--> statement-breakpoint
CREATE INDEX "task_fires_waiting" ON "task_fires" USING btree ("task_id") WHERE "task_fires"."outcome" = 'queued';--> statement-breakpoint
CREATE INDEX "tasks_org_name" ON "tasks" USING btree ("org_id","name","id");--> statement-breakpoint
CREATE INDEX "tasks_script" ON "tasks" USING btree ("script_id");--> statement-breakpoint
CREATE INDEX "tasks_due" ON "tasks" USING btree ("next_fire_at") WHERE "tasks"."state" = 'active' and "tasks"."next_fire_at" is not null;--> statement-breakpoint
ALTER TABLE "executions" ADD CONSTRAINT "executions_zone_id_zones_id_fk" FOREIGN KEY ("zone_id") REFERENCES "public"."zones"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "runs" ADD CONSTRAINT "runs_script_id_scripts_id_fk" FOREIGN KEY ("script_id") REFERENCES "public"."scripts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "executions_held" ON "executions" USING btree ("run_id","position") WHERE "executions"."state" = 'held';--> statement-breakpoint
CREATE INDEX "executions_of_zone" ON "executions" USING btree ("zone_id") WHERE "executions"."state" = 'queued';--> statement-breakpoint
CREATE INDEX "runs_task" ON "runs" USING btree ("task_id","created_at");--> statement-breakpoint
CREATE INDEX "runs_script" ON "runs" USING btree ("script_id");--> statement-breakpoint
UPDATE "executions" SET "expires_at" = "runs"."expires_at", "released_at" = "runs"."created_at" FROM "runs" WHERE "runs"."id" = "executions"."run_id";--> statement-breakpoint
INSERT INTO "interpreters" ("id", "org_id", "program", "label", "created_at") VALUES
	('int_sh', NULL, 'sh', 'Shell (sh)', now()),
	('int_bash', NULL, 'bash', 'Bash', now()),
	('int_python3', NULL, 'python3', 'Python 3', now()),
	('int_node', NULL, 'node', 'Node.js', now()),
	('int_pwsh', NULL, 'pwsh', 'PowerShell', now());--> statement-breakpoint
ALTER TABLE "runs" DROP COLUMN "expires_at";