CREATE TABLE "old_passwords" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"hash" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "sign_in_policies" ADD COLUMN "password_length_min" integer DEFAULT 10 NOT NULL;--> statement-breakpoint
ALTER TABLE "sign_in_policies" ADD COLUMN "password_history" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "sign_in_policies" ADD COLUMN "password_days_max" integer;--> statement-breakpoint
ALTER TABLE "sign_in_policies" ADD COLUMN "idle_days_max" integer;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "password_changed_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "must_change_password" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "enabled_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "old_passwords" ADD CONSTRAINT "old_passwords_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "old_passwords_user" ON "old_passwords" USING btree ("user_id","created_at");