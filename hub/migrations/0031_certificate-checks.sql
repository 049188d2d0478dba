CREATE TABLE "asset_certificate_checks" (
	"asset_id" text PRIMARY KEY NOT NULL,
	"authorities" text NOT NULL,
	"server_name" text
);
--> statement-breakpoint
ALTER TABLE "asset_certificate_checks" ADD CONSTRAINT "asset_certificate_checks_asset_id_assets_id_fk" FOREIGN KEY ("asset_id") REFERENCES "public"."assets"("id") ON DELETE cascade ON UPDATE no action;