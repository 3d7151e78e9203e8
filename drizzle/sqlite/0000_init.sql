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
CREATE TABLE `meta` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
