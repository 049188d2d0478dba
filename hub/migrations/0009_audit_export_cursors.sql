CREATE TABLE "audit_export_cursors" (
	"target" text NOT NULL,
	"org_id" text NOT NULL,
	"seq" bigint NOT NULL,
	CONSTRAINT "audit_export_cursors_pk" PRIMARY KEY("target","org_id")
);
