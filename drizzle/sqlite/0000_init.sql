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
	`payload` text NOT NULL,
	`due` integer NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`leased` integer,
	`created` integer NOT NULL,
	`cause` text
);
--> statement-breakpoint
CREATE INDEX `jobs_due` ON `jobs` (`kind`,`due`);--> statement-breakpoint
CREATE INDEX `jobs_key` ON `jobs` (`key`,`id`);--> statement-breakpoint
CREATE TABLE `key_values` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL,
	`expires` integer
);
--> statement-breakpoint
CREATE INDEX `key_values_expires` ON `key_values` (`expires`);--> statement-breakpoint
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
CREATE TABLE `meta` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
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
CREATE TABLE `stones` (
	`id` text NOT NULL,
	`by` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`id`, `by`)
);
--> statement-breakpoint
CREATE INDEX `stones_at` ON `stones` (`at`);