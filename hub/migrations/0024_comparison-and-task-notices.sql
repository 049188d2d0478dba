CREATE TABLE "notice_followers" (
	"org_id" text NOT NULL,
	"subject_id" text NOT NULL,
	"user_id" text NOT NULL,
	"kinds" text[] NOT NULL,
	"inbox" boolean NOT NULL,
	"mail" boolean NOT NULL,
	CONSTRAINT "notice_followers_pk" PRIMARY KEY("user_id","subject_id")
);
--> statement-breakpoint
CREATE TABLE "notice_routes" (
	"org_id" text NOT NULL,
	"subject_id" text NOT NULL,
	"channel_id" text NOT NULL,
	"kinds" text[] NOT NULL,
	CONSTRAINT "notice_routes_pk" PRIMARY KEY("subject_id","channel_id")
);
--> statement-breakpoint
ALTER TABLE "executions" ADD COLUMN "value_digest" text;--> statement-breakpoint
ALTER TABLE "executions" ADD COLUMN "last_line" text;--> statement-breakpoint
ALTER TABLE "notice_followers" ADD CONSTRAINT "notice_followers_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notice_routes" ADD CONSTRAINT "notice_routes_channel_id_notice_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."notice_channels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "notice_followers_subject" ON "notice_followers" USING btree ("subject_id");--> statement-breakpoint
CREATE INDEX "notice_routes_channel" ON "notice_routes" USING btree ("channel_id");