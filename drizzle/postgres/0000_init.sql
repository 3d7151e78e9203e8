CREATE TABLE "accounts" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"provider_id" text NOT NULL,
	"user_id" text NOT NULL,
	"access_token" text,
	"refresh_token" text,
	"id_token" text,
	"access_token_expires_at" timestamp (3) with time zone,
	"refresh_token_expires_at" timestamp (3) with time zone,
	"scope" text,
	"password" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "actor_keys" (
	"actor" text NOT NULL,
	"kind" text NOT NULL,
	"public" text NOT NULL,
	"private" text NOT NULL,
	"made" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "actor_keys_pk" PRIMARY KEY("actor","kind")
);
--> statement-breakpoint
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
CREATE TABLE "editors" (
	"user_id" text NOT NULL,
	"organisation_id" text NOT NULL,
	"since" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "editors_user_id_organisation_id_pk" PRIMARY KEY("user_id","organisation_id")
);
--> statement-breakpoint
CREATE TABLE "followers" (
	"actor" text NOT NULL,
	"follower" text NOT NULL,
	"inbox" text NOT NULL,
	"shared_inbox" text,
	"state" text NOT NULL,
	"follow_id" text NOT NULL,
	"since" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "followers_pk" PRIMARY KEY("actor","follower")
);
--> statement-breakpoint
CREATE TABLE "following" (
	"actor" text NOT NULL,
	"target" text NOT NULL,
	"state" text NOT NULL,
	"activity" text NOT NULL,
	"since" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "following_pk" PRIMARY KEY("actor","target")
);
--> statement-breakpoint
CREATE TABLE "hosts" (
	"host" text PRIMARY KEY NOT NULL,
	"last_success" timestamp (3) with time zone,
	"last_failure" timestamp (3) with time zone,
	"failures" bigint DEFAULT 0 NOT NULL,
	"open_until" timestamp (3) with time zone,
	"signature" text,
	"software" text
);
--> statement-breakpoint
CREATE TABLE "jobs" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"key" text,
	"behind" boolean DEFAULT false NOT NULL,
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
CREATE TABLE "lever_versions" (
	"lever" text NOT NULL,
	"number" bigint NOT NULL,
	"rule" jsonb NOT NULL,
	"digest" text NOT NULL,
	"checked" text,
	"by" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "lever_versions_lever_number_pk" PRIMARY KEY("lever","number")
);
--> statement-breakpoint
CREATE TABLE "levers" (
	"id" text PRIMARY KEY NOT NULL,
	"body" text NOT NULL,
	"organisation" text,
	"scope" text,
	"country" text,
	"action" text NOT NULL,
	"action_key" text NOT NULL,
	"latest" bigint NOT NULL,
	"created" timestamp (3) with time zone NOT NULL,
	"changed" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "local_actors" (
	"handle" text PRIMARY KEY NOT NULL,
	"id" text NOT NULL,
	"owner" text NOT NULL,
	"open" boolean NOT NULL,
	"gone" boolean DEFAULT false NOT NULL,
	"made" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "memberships" (
	"id" text PRIMARY KEY NOT NULL,
	"organisation" text NOT NULL,
	"federation" text NOT NULL,
	"state" text NOT NULL,
	"confidence" text NOT NULL,
	"since" text,
	"until" text,
	"expires" text,
	"source" text,
	"changed" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "meta" (
	"key" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "opt_outs" (
	"key" text PRIMARY KEY NOT NULL,
	"organisation" text NOT NULL,
	"reason" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "organisation_evidence" (
	"id" text PRIMARY KEY NOT NULL,
	"organisation" text NOT NULL,
	"kind" text NOT NULL,
	"url" text,
	"note" text,
	"by" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"withdrawn" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "organisation_figures" (
	"id" text PRIMARY KEY NOT NULL,
	"organisation" text NOT NULL,
	"kind" text NOT NULL,
	"value" double precision NOT NULL,
	"unit" text,
	"year" bigint,
	"source" text,
	"confidence" text NOT NULL,
	"added" timestamp (3) with time zone NOT NULL,
	"superseded" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "organisation_revisions" (
	"organisation" text NOT NULL,
	"number" bigint NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"by" text NOT NULL,
	"why" text,
	"snapshot" jsonb NOT NULL,
	CONSTRAINT "organisation_revisions_organisation_number_pk" PRIMARY KEY("organisation","number")
);
--> statement-breakpoint
CREATE TABLE "organisations" (
	"id" text PRIMARY KEY NOT NULL,
	"handle" text NOT NULL,
	"profile" jsonb NOT NULL,
	"digest" text NOT NULL,
	"name" text NOT NULL,
	"name_key" text NOT NULL,
	"kind" text NOT NULL,
	"ownership" text,
	"is_platform" boolean NOT NULL,
	"activity" text,
	"country" text,
	"locality" text,
	"latitude" double precision,
	"longitude" double precision,
	"status" text NOT NULL,
	"standing" text NOT NULL,
	"consent_basis" text,
	"consent_by" text,
	"consent_at" timestamp (3) with time zone,
	"revision" bigint NOT NULL,
	"created" timestamp (3) with time zone NOT NULL,
	"changed" timestamp (3) with time zone NOT NULL,
	"confirmed" timestamp (3) with time zone NOT NULL,
	"gone" timestamp (3) with time zone,
	"gone_reason" text,
	CONSTRAINT "organisations_handle_unique" UNIQUE("handle")
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"serial" bigserial PRIMARY KEY NOT NULL,
	"actor" text NOT NULL,
	"activity" text NOT NULL,
	"type" text NOT NULL,
	"object" text,
	"listed" boolean NOT NULL,
	"published" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "posts" (
	"id" text PRIMARY KEY NOT NULL,
	"uri" text NOT NULL,
	"author" text NOT NULL,
	"author_name" text NOT NULL,
	"author_handle" text NOT NULL,
	"author_url" text,
	"organisation" text,
	"organisation_handle" text,
	"text" text,
	"html" text NOT NULL,
	"note" text,
	"language" text,
	"url" text,
	"published" timestamp (3) with time zone NOT NULL,
	"updated" timestamp (3) with time zone,
	"state" text DEFAULT 'public' NOT NULL,
	CONSTRAINT "posts_uri_unique" UNIQUE("uri")
);
--> statement-breakpoint
CREATE TABLE "reactions" (
	"post" text NOT NULL,
	"kind" text NOT NULL,
	"actor" text NOT NULL,
	"activities" text NOT NULL,
	CONSTRAINT "reactions_pk" PRIMARY KEY("post","kind","actor")
);
--> statement-breakpoint
CREATE TABLE "received" (
	"id" text PRIMARY KEY NOT NULL,
	"body" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "remote_actors" (
	"id" text PRIMARY KEY NOT NULL,
	"handle" text,
	"host" text NOT NULL,
	"type" text NOT NULL,
	"name" text NOT NULL,
	"url" text,
	"inbox" text NOT NULL,
	"shared_inbox" text,
	"keys" jsonb NOT NULL,
	"document" text NOT NULL,
	"fetched" timestamp (3) with time zone NOT NULL,
	"gone" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"token" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"ip_address" text,
	"user_agent" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "sessions_token_unique" UNIQUE("token")
);
--> statement-breakpoint
CREATE TABLE "stones" (
	"id" text NOT NULL,
	"by" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "stones_pk" PRIMARY KEY("id","by")
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"email" text NOT NULL,
	"email_verified" boolean DEFAULT false NOT NULL,
	"image" text,
	"role" text DEFAULT 'member' NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "users_email_unique" UNIQUE("email")
);
--> statement-breakpoint
CREATE TABLE "verifications" (
	"id" text PRIMARY KEY NOT NULL,
	"identifier" text NOT NULL,
	"value" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "editors" ADD CONSTRAINT "editors_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "lever_versions" ADD CONSTRAINT "lever_versions_lever_levers_id_fk" FOREIGN KEY ("lever") REFERENCES "public"."levers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_organisation_organisations_id_fk" FOREIGN KEY ("organisation") REFERENCES "public"."organisations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_federation_organisations_id_fk" FOREIGN KEY ("federation") REFERENCES "public"."organisations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "opt_outs" ADD CONSTRAINT "opt_outs_organisation_organisations_id_fk" FOREIGN KEY ("organisation") REFERENCES "public"."organisations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "organisation_evidence" ADD CONSTRAINT "organisation_evidence_organisation_organisations_id_fk" FOREIGN KEY ("organisation") REFERENCES "public"."organisations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "organisation_figures" ADD CONSTRAINT "organisation_figures_organisation_organisations_id_fk" FOREIGN KEY ("organisation") REFERENCES "public"."organisations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "organisation_revisions" ADD CONSTRAINT "organisation_revisions_organisation_organisations_id_fk" FOREIGN KEY ("organisation") REFERENCES "public"."organisations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "posts" ADD CONSTRAINT "posts_organisation_organisations_id_fk" FOREIGN KEY ("organisation") REFERENCES "public"."organisations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reactions" ADD CONSTRAINT "reactions_post_posts_id_fk" FOREIGN KEY ("post") REFERENCES "public"."posts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "accounts_user" ON "accounts" USING btree ("user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "accounts_provider" ON "accounts" USING btree ("provider_id","account_id");--> statement-breakpoint
CREATE INDEX "audit_subject" ON "audit" USING btree ("subject","id");--> statement-breakpoint
CREATE INDEX "dead_letters_kind" ON "dead_letters" USING btree ("kind","id");--> statement-breakpoint
CREATE INDEX "editors_organisation" ON "editors" USING btree ("organisation_id");--> statement-breakpoint
CREATE INDEX "followers_follower" ON "followers" USING btree ("follower");--> statement-breakpoint
CREATE INDEX "followers_inbox" ON "followers" USING btree ("inbox");--> statement-breakpoint
CREATE INDEX "followers_shared" ON "followers" USING btree ("shared_inbox");--> statement-breakpoint
CREATE INDEX "following_target" ON "following" USING btree ("target","state");--> statement-breakpoint
CREATE INDEX "jobs_due" ON "jobs" USING btree ("kind","behind","due","id");--> statement-breakpoint
CREATE INDEX "jobs_key" ON "jobs" USING btree ("key","id");--> statement-breakpoint
CREATE INDEX "key_values_expires" ON "key_values" USING btree ("expires");--> statement-breakpoint
CREATE UNIQUE INDEX "levers_identity" ON "levers" USING btree ("body","action_key");--> statement-breakpoint
CREATE INDEX "levers_organisation" ON "levers" USING btree ("organisation");--> statement-breakpoint
CREATE INDEX "levers_country" ON "levers" USING btree ("country","body","action_key");--> statement-breakpoint
CREATE UNIQUE INDEX "local_actors_id" ON "local_actors" USING btree ("id");--> statement-breakpoint
CREATE INDEX "local_actors_owner" ON "local_actors" USING btree ("owner");--> statement-breakpoint
CREATE UNIQUE INDEX "memberships_pair" ON "memberships" USING btree ("organisation","federation");--> statement-breakpoint
CREATE INDEX "memberships_federation" ON "memberships" USING btree ("federation","state");--> statement-breakpoint
CREATE INDEX "opt_outs_organisation" ON "opt_outs" USING btree ("organisation");--> statement-breakpoint
CREATE INDEX "organisation_evidence_of" ON "organisation_evidence" USING btree ("organisation","id");--> statement-breakpoint
CREATE INDEX "organisation_figures_of" ON "organisation_figures" USING btree ("organisation","id");--> statement-breakpoint
CREATE INDEX "organisations_name" ON "organisations" USING btree ("status","name_key","id");--> statement-breakpoint
CREATE INDEX "organisations_country" ON "organisations" USING btree ("status","country","name_key","id");--> statement-breakpoint
CREATE INDEX "outbox_actor" ON "outbox" USING btree ("actor","listed","serial");--> statement-breakpoint
CREATE INDEX "outbox_object" ON "outbox" USING btree ("object");--> statement-breakpoint
CREATE INDEX "posts_latest" ON "posts" USING btree ("state","published","id");--> statement-breakpoint
CREATE INDEX "posts_organisation" ON "posts" USING btree ("organisation","published","id");--> statement-breakpoint
CREATE INDEX "posts_author" ON "posts" USING btree ("author");--> statement-breakpoint
CREATE INDEX "reactions_actor" ON "reactions" USING btree ("actor");--> statement-breakpoint
CREATE INDEX "received_at" ON "received" USING btree ("at");--> statement-breakpoint
CREATE INDEX "remote_actors_host" ON "remote_actors" USING btree ("host","id");--> statement-breakpoint
CREATE INDEX "remote_actors_handle" ON "remote_actors" USING btree ("handle");--> statement-breakpoint
CREATE INDEX "remote_actors_fetched" ON "remote_actors" USING btree ("fetched");--> statement-breakpoint
CREATE INDEX "sessions_user" ON "sessions" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "stones_at" ON "stones" USING btree ("at");--> statement-breakpoint
CREATE INDEX "verifications_identifier" ON "verifications" USING btree ("identifier");