UPDATE `posts` SET `speaker` = `organisation_handle`, `thread` = `id`;--> statement-breakpoint
ALTER TABLE `posts` DROP COLUMN `organisation_handle`;