CREATE TABLE "notice_channels" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"name" text NOT NULL,
	"kind" text NOT NULL,
	"active" boolean NOT NULL,
	"language" text NOT NULL,
	"kinds" text[] NOT NULL,
	"allows_inside" boolean NOT NULL,
	"host" text NOT NULL,
	"secret" "bytea" NOT NULL,
	"has_signing_secret" boolean NOT NULL,
	"secret_version" integer NOT NULL,
	"vault_key" integer NOT NULL,
	"switched_off" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "notice_deliveries" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"notice_id" text NOT NULL,
	"channel_id" text,
	"user_id" text,
	"state" text NOT NULL,
	"attempts" integer NOT NULL,
	"answer" text,
	"tried_at" timestamp (3) with time zone,
	"together" integer,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "notice_paces" (
	"target" text PRIMARY KEY NOT NULL,
	"tokens" real NOT NULL,
	"tokens_at" timestamp (3) with time zone NOT NULL,
	"busy_until" timestamp (3) with time zone,
	"paused_until" timestamp (3) with time zone,
	"failures" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "notice_readers" (
	"notice_id" text NOT NULL,
	"user_id" text NOT NULL,
	"org_id" text NOT NULL,
	"read_at" timestamp (3) with time zone,
	CONSTRAINT "notice_readers_pk" PRIMARY KEY("user_id","org_id","notice_id")
);
--> statement-breakpoint
CREATE TABLE "notice_subscriptions" (
	"user_id" text NOT NULL,
	"kind" text NOT NULL,
	"inbox" boolean NOT NULL,
	"mail" boolean NOT NULL,
	CONSTRAINT "notice_subscriptions_pk" PRIMARY KEY("user_id","kind")
);
--> statement-breakpoint
CREATE TABLE "notices" (
	"id" text PRIMARY KEY NOT NULL,
	"org_id" text NOT NULL,
	"kind" text NOT NULL,
	"data" jsonb NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"key" text
);
--> statement-breakpoint
ALTER TABLE "agents" ADD COLUMN "offline_told_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "notice_deliveries" ADD CONSTRAINT "notice_deliveries_notice_id_notices_id_fk" FOREIGN KEY ("notice_id") REFERENCES "public"."notices"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notice_deliveries" ADD CONSTRAINT "notice_deliveries_channel_id_notice_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."notice_channels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notice_deliveries" ADD CONSTRAINT "notice_deliveries_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notice_readers" ADD CONSTRAINT "notice_readers_notice_id_notices_id_fk" FOREIGN KEY ("notice_id") REFERENCES "public"."notices"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notice_readers" ADD CONSTRAINT "notice_readers_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notice_subscriptions" ADD CONSTRAINT "notice_subscriptions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "notice_channels_org_name" ON "notice_channels" USING btree ("org_id","name");--> statement-breakpoint
CREATE INDEX "notice_deliveries_waiting" ON "notice_deliveries" USING btree (coalesce(channel_id, user_id),"id") WHERE state = 'waiting';--> statement-breakpoint
CREATE INDEX "notice_deliveries_org" ON "notice_deliveries" USING btree ("org_id","id");--> statement-breakpoint
CREATE INDEX "notice_deliveries_notice" ON "notice_deliveries" USING btree ("notice_id");--> statement-breakpoint
CREATE INDEX "notice_deliveries_channel" ON "notice_deliveries" USING btree ("channel_id");--> statement-breakpoint
CREATE INDEX "notice_deliveries_user" ON "notice_deliveries" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "notice_readers_notice" ON "notice_readers" USING btree ("notice_id");--> statement-breakpoint
CREATE INDEX "notice_readers_unread" ON "notice_readers" USING btree ("user_id","org_id") WHERE read_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "notices_org_key" ON "notices" USING btree ("org_id","key");--> statement-breakpoint
CREATE INDEX "notices_at" ON "notices" USING btree ("at");