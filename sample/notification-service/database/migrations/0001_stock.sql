CREATE TABLE "stock" (
	"sku" text PRIMARY KEY NOT NULL,
	"available" integer NOT NULL CHECK ("available" >= 0)
);
--> statement-breakpoint
INSERT INTO "stock" ("sku", "available") VALUES ('tea', 1000), ('coffee', 5), ('cocoa', 0);
