ALTER TABLE "access_keys" ADD COLUMN "scopes" text[];--> statement-breakpoint
ALTER TABLE "access_keys" ADD COLUMN "addresses" text[] DEFAULT '{}' NOT NULL;