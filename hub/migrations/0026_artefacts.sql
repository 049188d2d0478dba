ALTER TABLE "executions" ADD COLUMN "artefacts" jsonb;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "artefacts" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "artefacts" jsonb DEFAULT '[]'::jsonb NOT NULL;