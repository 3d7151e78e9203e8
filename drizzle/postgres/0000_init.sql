CREATE TABLE "audit" (
	"id" text PRIMARY KEY NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"by" text NOT NULL,
	"action" text NOT NULL,
	"subject" text NOT NULL,
	"before" jsonb,
	"after" jsonb,
	"why" text
);
--> statement-breakpoint
CREATE TABLE "dead_letters" (
	"id" bigint PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"key" text,
	"payload" text NOT NULL,
	"attempts" bigint NOT NULL,
	"created" timestamp (3) with time zone NOT NULL,
	"died" timestamp (3) with time zone NOT NULL,
	"cause" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "documents" (
	"id" text PRIMARY KEY NOT NULL,
	"json" text NOT NULL,
	"etag" text NOT NULL,
	"revision" bigint NOT NULL,
	"changed" timestamp (3) with time zone NOT NULL,
	"gone" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE "jobs" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"key" text,
	"payload" text NOT NULL,
	"due" timestamp (3) with time zone NOT NULL,
	"attempts" bigint DEFAULT 0 NOT NULL,
	"leased" timestamp (3) with time zone,
	"created" timestamp (3) with time zone NOT NULL,
	"cause" text
);
--> statement-breakpoint
CREATE TABLE "key_values" (
	"key" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL,
	"expires" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "meta" (
	"key" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL
);
--> statement-breakpoint
CREATE INDEX "audit_subject" ON "audit" USING btree ("subject","id");--> statement-breakpoint
CREATE INDEX "dead_letters_kind" ON "dead_letters" USING btree ("kind","id");--> statement-breakpoint
CREATE INDEX "jobs_due" ON "jobs" USING btree ("kind","due");--> statement-breakpoint
CREATE INDEX "jobs_key" ON "jobs" USING btree ("key","id");--> statement-breakpoint
CREATE INDEX "key_values_expires" ON "key_values" USING btree ("expires");