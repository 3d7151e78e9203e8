CREATE TABLE `directory_items` (
	`id` text PRIMARY KEY NOT NULL,
	`collection` text NOT NULL,
	`revision` integer NOT NULL,
	`changed` integer NOT NULL,
	`gone` integer DEFAULT false NOT NULL,
	`told` integer DEFAULT 0 NOT NULL,
	`pending` integer DEFAULT true NOT NULL
);
--> statement-breakpoint
CREATE INDEX `directory_items_page` ON `directory_items` (`collection`,`gone`,`changed`,`id`);--> statement-breakpoint
CREATE INDEX `directory_items_pending` ON `directory_items` (`pending`,`id`);--> statement-breakpoint
CREATE TABLE `directory_news` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`subject` text NOT NULL,
	`at` integer NOT NULL,
	`said` integer,
	`post` text
);
--> statement-breakpoint
CREATE INDEX `directory_news_said` ON `directory_news` (`said`,`at`);--> statement-breakpoint
CREATE INDEX `directory_news_post` ON `directory_news` (`post`);--> statement-breakpoint
CREATE INDEX `directory_news_subject` ON `directory_news` (`subject`);--> statement-breakpoint
CREATE TABLE `domain_policies` (
	`host` text PRIMARY KEY NOT NULL,
	`policy` text NOT NULL,
	`why` text NOT NULL,
	`by` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `mirrored` (
	`id` text PRIMARY KEY NOT NULL,
	`host` text NOT NULL,
	`type` text NOT NULL,
	`additional_type` text,
	`name` text NOT NULL,
	`url` text,
	`document` text NOT NULL,
	`fetched` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `mirrored_host` ON `mirrored` (`host`,`id`);--> statement-breakpoint
CREATE TABLE `mirrored_listings` (
	`directory` text NOT NULL,
	`id` text NOT NULL,
	`collection` text NOT NULL,
	`revision` integer NOT NULL,
	`changed` integer NOT NULL,
	`gone` integer DEFAULT false NOT NULL,
	PRIMARY KEY(`directory`, `id`)
);
--> statement-breakpoint
CREATE INDEX `mirrored_listings_id` ON `mirrored_listings` (`id`,`gone`);--> statement-breakpoint
CREATE TABLE `own_reactions` (
	`actor` text NOT NULL,
	`kind` text NOT NULL,
	`object` text NOT NULL,
	`activity` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`actor`, `kind`, `object`)
);
--> statement-breakpoint
CREATE TABLE `persons` (
	`user_id` text PRIMARY KEY NOT NULL,
	`handle` text NOT NULL,
	`name` text NOT NULL,
	`summary` text DEFAULT '' NOT NULL,
	`discoverable` integer DEFAULT false NOT NULL,
	`since` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `persons_handle_unique` ON `persons` (`handle`);--> statement-breakpoint
CREATE TABLE `reports` (
	`id` text PRIMARY KEY NOT NULL,
	`host` text,
	`by` text,
	`subjects` text NOT NULL,
	`words` text NOT NULL,
	`state` text DEFAULT 'open' NOT NULL,
	`created` integer NOT NULL,
	`decided` integer,
	`decided_by` text,
	`why` text
);
--> statement-breakpoint
CREATE INDEX `reports_state` ON `reports` (`state`,`created`,`id`);--> statement-breakpoint
ALTER TABLE `hosts` ADD `software_at` integer;--> statement-breakpoint
ALTER TABLE `local_actors` ADD `approves` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `organisations` ADD `approves_followers` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `posts` ADD `kind` text DEFAULT 'note' NOT NULL;--> statement-breakpoint
ALTER TABLE `posts` ADD `title` text;--> statement-breakpoint
ALTER TABLE `posts` ADD `speaker` text;--> statement-breakpoint
ALTER TABLE `posts` ADD `in_reply_to` text;--> statement-breakpoint
ALTER TABLE `posts` ADD `thread` text;--> statement-breakpoint
ALTER TABLE `posts` ADD `context` text;--> statement-breakpoint
ALTER TABLE `posts` ADD `visibility` text DEFAULT 'public' NOT NULL;--> statement-breakpoint
ALTER TABLE `posts` ADD `pinned` integer;--> statement-breakpoint
CREATE INDEX `posts_speaker` ON `posts` (`speaker`,`published`,`id`);--> statement-breakpoint
CREATE INDEX `posts_thread` ON `posts` (`thread`,`published`,`id`);--> statement-breakpoint
CREATE INDEX `posts_reply` ON `posts` (`in_reply_to`,`published`,`id`);--> statement-breakpoint
ALTER TABLE `remote_actors` ADD `toadlane` integer DEFAULT false NOT NULL;