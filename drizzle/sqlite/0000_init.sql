CREATE TABLE `accounts` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`provider_id` text NOT NULL,
	`user_id` text NOT NULL,
	`access_token` text,
	`refresh_token` text,
	`id_token` text,
	`access_token_expires_at` integer,
	`refresh_token_expires_at` integer,
	`scope` text,
	`password` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `accounts_user` ON `accounts` (`user_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `accounts_provider` ON `accounts` (`provider_id`,`account_id`);--> statement-breakpoint
CREATE TABLE `actor_keys` (
	`actor` text NOT NULL,
	`kind` text NOT NULL,
	`public` text NOT NULL,
	`private` text NOT NULL,
	`made` integer NOT NULL,
	PRIMARY KEY(`actor`, `kind`)
);
--> statement-breakpoint
CREATE TABLE `audit` (
	`id` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`by` text NOT NULL,
	`action` text NOT NULL,
	`subject` text NOT NULL,
	`before` text,
	`after` text,
	`why` text
);
--> statement-breakpoint
CREATE INDEX `audit_subject` ON `audit` (`subject`,`id`);--> statement-breakpoint
CREATE TABLE `dead_letters` (
	`id` integer PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`key` text,
	`payload` text NOT NULL,
	`attempts` integer NOT NULL,
	`created` integer NOT NULL,
	`died` integer NOT NULL,
	`cause` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `dead_letters_kind` ON `dead_letters` (`kind`,`id`);--> statement-breakpoint
CREATE TABLE `documents` (
	`id` text PRIMARY KEY NOT NULL,
	`json` text NOT NULL,
	`etag` text NOT NULL,
	`revision` integer NOT NULL,
	`changed` integer NOT NULL,
	`gone` integer DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE `editors` (
	`user_id` text NOT NULL,
	`organisation_id` text NOT NULL,
	`since` integer NOT NULL,
	PRIMARY KEY(`user_id`, `organisation_id`),
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `editors_organisation` ON `editors` (`organisation_id`);--> statement-breakpoint
CREATE TABLE `followers` (
	`actor` text NOT NULL,
	`follower` text NOT NULL,
	`inbox` text NOT NULL,
	`shared_inbox` text,
	`state` text NOT NULL,
	`follow_id` text NOT NULL,
	`since` integer NOT NULL,
	PRIMARY KEY(`actor`, `follower`)
);
--> statement-breakpoint
CREATE INDEX `followers_follower` ON `followers` (`follower`);--> statement-breakpoint
CREATE INDEX `followers_inbox` ON `followers` (`inbox`);--> statement-breakpoint
CREATE INDEX `followers_shared` ON `followers` (`shared_inbox`);--> statement-breakpoint
CREATE TABLE `following` (
	`actor` text NOT NULL,
	`target` text NOT NULL,
	`state` text NOT NULL,
	`activity` text NOT NULL,
	`since` integer NOT NULL,
	PRIMARY KEY(`actor`, `target`)
);
--> statement-breakpoint
CREATE INDEX `following_target` ON `following` (`target`,`state`);--> statement-breakpoint
CREATE TABLE `hosts` (
	`host` text PRIMARY KEY NOT NULL,
	`last_success` integer,
	`last_failure` integer,
	`failures` integer DEFAULT 0 NOT NULL,
	`open_until` integer,
	`signature` text,
	`software` text
);
--> statement-breakpoint
CREATE TABLE `jobs` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`kind` text NOT NULL,
	`key` text,
	`behind` integer DEFAULT false NOT NULL,
	`payload` text NOT NULL,
	`due` integer NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`leased` integer,
	`created` integer NOT NULL,
	`cause` text
);
--> statement-breakpoint
CREATE INDEX `jobs_due` ON `jobs` (`kind`,`behind`,`due`,`id`);--> statement-breakpoint
CREATE INDEX `jobs_key` ON `jobs` (`key`,`id`);--> statement-breakpoint
CREATE TABLE `key_values` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL,
	`expires` integer
);
--> statement-breakpoint
CREATE INDEX `key_values_expires` ON `key_values` (`expires`);--> statement-breakpoint
CREATE TABLE `lever_versions` (
	`lever` text NOT NULL,
	`number` integer NOT NULL,
	`rule` text NOT NULL,
	`digest` text NOT NULL,
	`checked` text,
	`by` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`lever`, `number`),
	FOREIGN KEY (`lever`) REFERENCES `levers`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `levers` (
	`id` text PRIMARY KEY NOT NULL,
	`body` text NOT NULL,
	`organisation` text,
	`scope` text,
	`country` text,
	`action` text NOT NULL,
	`action_key` text NOT NULL,
	`latest` integer NOT NULL,
	`created` integer NOT NULL,
	`changed` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `levers_identity` ON `levers` (`body`,`action_key`);--> statement-breakpoint
CREATE INDEX `levers_organisation` ON `levers` (`organisation`);--> statement-breakpoint
CREATE INDEX `levers_country` ON `levers` (`country`,`body`,`action_key`);--> statement-breakpoint
CREATE TABLE `local_actors` (
	`handle` text PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`owner` text NOT NULL,
	`open` integer NOT NULL,
	`gone` integer DEFAULT false NOT NULL,
	`made` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `local_actors_id` ON `local_actors` (`id`);--> statement-breakpoint
CREATE INDEX `local_actors_owner` ON `local_actors` (`owner`);--> statement-breakpoint
CREATE TABLE `memberships` (
	`id` text PRIMARY KEY NOT NULL,
	`organisation` text NOT NULL,
	`federation` text NOT NULL,
	`state` text NOT NULL,
	`confidence` text NOT NULL,
	`since` text,
	`until` text,
	`expires` text,
	`source` text,
	`changed` integer NOT NULL,
	FOREIGN KEY (`organisation`) REFERENCES `organisations`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`federation`) REFERENCES `organisations`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `memberships_pair` ON `memberships` (`organisation`,`federation`);--> statement-breakpoint
CREATE INDEX `memberships_federation` ON `memberships` (`federation`,`state`);--> statement-breakpoint
CREATE TABLE `meta` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `opt_outs` (
	`key` text PRIMARY KEY NOT NULL,
	`organisation` text NOT NULL,
	`reason` text NOT NULL,
	`at` integer NOT NULL,
	FOREIGN KEY (`organisation`) REFERENCES `organisations`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `opt_outs_organisation` ON `opt_outs` (`organisation`);--> statement-breakpoint
CREATE TABLE `organisation_evidence` (
	`id` text PRIMARY KEY NOT NULL,
	`organisation` text NOT NULL,
	`kind` text NOT NULL,
	`url` text,
	`note` text,
	`by` text NOT NULL,
	`at` integer NOT NULL,
	`withdrawn` integer,
	FOREIGN KEY (`organisation`) REFERENCES `organisations`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `organisation_evidence_of` ON `organisation_evidence` (`organisation`,`id`);--> statement-breakpoint
CREATE TABLE `organisation_figures` (
	`id` text PRIMARY KEY NOT NULL,
	`organisation` text NOT NULL,
	`kind` text NOT NULL,
	`value` real NOT NULL,
	`unit` text,
	`year` integer,
	`source` text,
	`confidence` text NOT NULL,
	`added` integer NOT NULL,
	`superseded` integer,
	FOREIGN KEY (`organisation`) REFERENCES `organisations`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `organisation_figures_of` ON `organisation_figures` (`organisation`,`id`);--> statement-breakpoint
CREATE TABLE `organisation_revisions` (
	`organisation` text NOT NULL,
	`number` integer NOT NULL,
	`at` integer NOT NULL,
	`by` text NOT NULL,
	`why` text,
	`snapshot` text NOT NULL,
	PRIMARY KEY(`organisation`, `number`),
	FOREIGN KEY (`organisation`) REFERENCES `organisations`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `organisations` (
	`id` text PRIMARY KEY NOT NULL,
	`handle` text NOT NULL,
	`profile` text NOT NULL,
	`digest` text NOT NULL,
	`name` text NOT NULL,
	`name_key` text NOT NULL,
	`kind` text NOT NULL,
	`ownership` text,
	`is_platform` integer NOT NULL,
	`activity` text,
	`country` text,
	`locality` text,
	`latitude` real,
	`longitude` real,
	`status` text NOT NULL,
	`standing` text NOT NULL,
	`consent_basis` text,
	`consent_by` text,
	`consent_at` integer,
	`revision` integer NOT NULL,
	`created` integer NOT NULL,
	`changed` integer NOT NULL,
	`confirmed` integer NOT NULL,
	`gone` integer,
	`gone_reason` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `organisations_handle_unique` ON `organisations` (`handle`);--> statement-breakpoint
CREATE INDEX `organisations_name` ON `organisations` (`status`,`name_key`,`id`);--> statement-breakpoint
CREATE INDEX `organisations_country` ON `organisations` (`status`,`country`,`name_key`,`id`);--> statement-breakpoint
CREATE TABLE `outbox` (
	`serial` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`actor` text NOT NULL,
	`activity` text NOT NULL,
	`type` text NOT NULL,
	`object` text,
	`listed` integer NOT NULL,
	`published` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `outbox_actor` ON `outbox` (`actor`,`listed`,`serial`);--> statement-breakpoint
CREATE INDEX `outbox_object` ON `outbox` (`object`);--> statement-breakpoint
CREATE TABLE `posts` (
	`id` text PRIMARY KEY NOT NULL,
	`uri` text NOT NULL,
	`author` text NOT NULL,
	`author_name` text NOT NULL,
	`author_handle` text NOT NULL,
	`author_url` text,
	`organisation` text,
	`organisation_handle` text,
	`text` text,
	`html` text NOT NULL,
	`note` text,
	`language` text,
	`url` text,
	`published` integer NOT NULL,
	`updated` integer,
	`state` text DEFAULT 'public' NOT NULL,
	FOREIGN KEY (`organisation`) REFERENCES `organisations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `posts_uri_unique` ON `posts` (`uri`);--> statement-breakpoint
CREATE INDEX `posts_latest` ON `posts` (`state`,`published`,`id`);--> statement-breakpoint
CREATE INDEX `posts_organisation` ON `posts` (`organisation`,`published`,`id`);--> statement-breakpoint
CREATE INDEX `posts_author` ON `posts` (`author`);--> statement-breakpoint
CREATE TABLE `reactions` (
	`post` text NOT NULL,
	`kind` text NOT NULL,
	`actor` text NOT NULL,
	`activities` text NOT NULL,
	PRIMARY KEY(`post`, `kind`, `actor`),
	FOREIGN KEY (`post`) REFERENCES `posts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `reactions_actor` ON `reactions` (`actor`);--> statement-breakpoint
CREATE TABLE `received` (
	`id` text PRIMARY KEY NOT NULL,
	`body` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `received_at` ON `received` (`at`);--> statement-breakpoint
CREATE TABLE `remote_actors` (
	`id` text PRIMARY KEY NOT NULL,
	`handle` text,
	`host` text NOT NULL,
	`type` text NOT NULL,
	`name` text NOT NULL,
	`url` text,
	`inbox` text NOT NULL,
	`shared_inbox` text,
	`keys` text NOT NULL,
	`document` text NOT NULL,
	`fetched` integer NOT NULL,
	`gone` integer
);
--> statement-breakpoint
CREATE INDEX `remote_actors_host` ON `remote_actors` (`host`,`id`);--> statement-breakpoint
CREATE INDEX `remote_actors_handle` ON `remote_actors` (`handle`);--> statement-breakpoint
CREATE INDEX `remote_actors_fetched` ON `remote_actors` (`fetched`);--> statement-breakpoint
CREATE TABLE `sessions` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`token` text NOT NULL,
	`expires_at` integer NOT NULL,
	`ip_address` text,
	`user_agent` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `sessions_token_unique` ON `sessions` (`token`);--> statement-breakpoint
CREATE INDEX `sessions_user` ON `sessions` (`user_id`);--> statement-breakpoint
CREATE TABLE `stones` (
	`id` text NOT NULL,
	`by` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`id`, `by`)
);
--> statement-breakpoint
CREATE INDEX `stones_at` ON `stones` (`at`);--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`email` text NOT NULL,
	`email_verified` integer DEFAULT false NOT NULL,
	`image` text,
	`role` text DEFAULT 'member' NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_email_unique` ON `users` (`email`);--> statement-breakpoint
CREATE TABLE `verifications` (
	`id` text PRIMARY KEY NOT NULL,
	`identifier` text NOT NULL,
	`value` text NOT NULL,
	`expires_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `verifications_identifier` ON `verifications` (`identifier`);