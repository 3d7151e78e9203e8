CREATE TABLE "directory_items" (
	"id" text PRIMARY KEY NOT NULL,
	"collection" text NOT NULL,
	"revision" bigint NOT NULL,
	"changed" timestamp (3) with time zone NOT NULL,
	"gone" boolean DEFAULT false NOT NULL,
	"told" bigint DEFAULT 0 NOT NULL,
	"pending" boolean DEFAULT true NOT NULL
);
--> statement-breakpoint
CREATE TABLE "directory_news" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"subject" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"said" timestamp (3) with time zone,
	"post" text
);
--> statement-breakpoint
CREATE TABLE "domain_policies" (
	"host" text PRIMARY KEY NOT NULL,
	"policy" text NOT NULL,
	"why" text NOT NULL,
	"by" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "mirrored" (
	"id" text PRIMARY KEY NOT NULL,
	"host" text NOT NULL,
	"type" text NOT NULL,
	"additional_type" text,
	"name" text NOT NULL,
	"url" text,
	"document" text NOT NULL,
	"fetched" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "mirrored_listings" (
	"directory" text NOT NULL,
	"id" text NOT NULL,
	"collection" text NOT NULL,
	"revision" bigint NOT NULL,
	"changed" timestamp (3) with time zone NOT NULL,
	"gone" boolean DEFAULT false NOT NULL,
	CONSTRAINT "mirrored_listings_pk" PRIMARY KEY("directory","id")
);
--> statement-breakpoint
CREATE TABLE "own_reactions" (
	"actor" text NOT NULL,
	"kind" text NOT NULL,
	"object" text NOT NULL,
	"activity" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "own_reactions_pk" PRIMARY KEY("actor","kind","object")
);
--> statement-breakpoint
CREATE TABLE "persons" (
	"user_id" text PRIMARY KEY NOT NULL,
	"handle" text NOT NULL,
	"name" text NOT NULL,
	"summary" text DEFAULT '' NOT NULL,
	"discoverable" boolean DEFAULT false NOT NULL,
	"since" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "persons_handle_unique" UNIQUE("handle")
);
--> statement-breakpoint
CREATE TABLE "reports" (
	"id" text PRIMARY KEY NOT NULL,
	"host" text,
	"by" text,
	"subjects" jsonb NOT NULL,
	"words" text NOT NULL,
	"state" text DEFAULT 'open' NOT NULL,
	"created" timestamp (3) with time zone NOT NULL,
	"decided" timestamp (3) with time zone,
	"decided_by" text,
	"why" text
);
--> statement-breakpoint
ALTER TABLE "hosts" ADD COLUMN "software_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "local_actors" ADD COLUMN "approves" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "organisations" ADD COLUMN "approves_followers" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "posts" ADD COLUMN "kind" text DEFAULT 'note' NOT NULL;--> statement-breakpoint
ALTER TABLE "posts" ADD COLUMN "title" text;--> statement-breakpoint
ALTER TABLE "posts" ADD COLUMN "speaker" text;--> statement-breakpoint
ALTER TABLE "posts" ADD COLUMN "in_reply_to" text;--> statement-breakpoint
ALTER TABLE "posts" ADD COLUMN "thread" text;--> statement-breakpoint
ALTER TABLE "posts" ADD COLUMN "context" text;--> statement-breakpoint
ALTER TABLE "posts" ADD COLUMN "visibility" text DEFAULT 'public' NOT NULL;--> statement-breakpoint
ALTER TABLE "posts" ADD COLUMN "pinned" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "remote_actors" ADD COLUMN "toadlane" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "persons" ADD CONSTRAINT "persons_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "directory_items_page" ON "directory_items" USING btree ("collection","gone","changed","id");--> statement-breakpoint
CREATE INDEX "directory_items_pending" ON "directory_items" USING btree ("pending","id");--> statement-breakpoint
CREATE INDEX "directory_news_said" ON "directory_news" USING btree ("said","at");--> statement-breakpoint
CREATE INDEX "directory_news_post" ON "directory_news" USING btree ("post");--> statement-breakpoint
CREATE INDEX "directory_news_subject" ON "directory_news" USING btree ("subject");--> statement-breakpoint
CREATE INDEX "mirrored_host" ON "mirrored" USING btree ("host","id");--> statement-breakpoint
CREATE INDEX "mirrored_listings_id" ON "mirrored_listings" USING btree ("id","gone");--> statement-breakpoint
CREATE INDEX "reports_state" ON "reports" USING btree ("state","created","id");--> statement-breakpoint
CREATE INDEX "posts_speaker" ON "posts" USING btree ("speaker","published","id");--> statement-breakpoint
CREATE INDEX "posts_thread" ON "posts" USING btree ("thread","published","id");--> statement-breakpoint
CREATE INDEX "posts_reply" ON "posts" USING btree ("in_reply_to","published","id");