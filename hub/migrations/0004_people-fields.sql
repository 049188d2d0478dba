ALTER TABLE "users" ADD COLUMN "username" text;--> statement-breakpoint
-- As usernames.ts makes them: what stands before the @, without what a user name may not have, with a number behind it if it is taken.
DO $$
DECLARE
  person record;
  base text;
  wanted text;
  n integer;
BEGIN
  FOR person IN SELECT "id", "email" FROM "users" ORDER BY "created_at", "id" LOOP
    base := left(regexp_replace(regexp_replace(lower(split_part(person.email, '@', 1)), '[^a-z0-9._-]+', '-', 'g'), '^[^a-z]+', ''), 24);
    IF length(base) < 2 THEN
      base := 'user';
    END IF;
    wanted := base;
    n := 1;
    WHILE EXISTS (SELECT 1 FROM "users" WHERE "username" = wanted) LOOP
      n := n + 1;
      wanted := base || n;
    END LOOP;
    UPDATE "users" SET "username" = wanted WHERE "id" = person.id;
  END LOOP;
END $$;--> statement-breakpoint
ALTER TABLE "users" ALTER COLUMN "username" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "phone" text;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "expires_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "comment" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_username" UNIQUE("username");
